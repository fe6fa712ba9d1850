using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using SessionMesh.Contracts;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.OpenApi;

/// <summary>The document at <c>/openapi/v1.json</c>, and its page at <c>/swagger</c>, which works offline.</summary>
internal static class OpenApiDocument
{
    private const string Bearer = "bearer";

    public static IServiceCollection AddMeshOpenApi(this IServiceCollection services)
    {
        // These options serve the document's schemas only; answers do not use them.
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, Contracts.MeshJson.Default);
            json.SerializerOptions.PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict;
        });
        return services.AddOpenApi("v1", options =>
        {
            options.AddDocumentTransformer(Describe);
            options.AddOperationTransformer(DescribeOperation);
            options.AddSchemaTransformer(DescribeIds);
            options.AddSchemaTransformer(FixedWords.Describe);
        });
    }

    public static void MapMeshOpenApi(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").WithMetadata(Anonymous.Instance);
        app.UseSwaggerUI(ui =>
        {
            ui.SwaggerEndpoint(Routes.OpenApi, "Session Mesh");
            ui.DocumentTitle = "Session Mesh API";
        });
    }

    private static Task Describe(
        Microsoft.OpenApi.OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Session Mesh",
            Version = "v1",
            Description =
                "The control plane for fleets of agents: who is alive, who can do what, and one word to any of them, with proof that it "
                + "arrived.",
        };
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = Bearer,
                Description = "A key: `smk_…`. The root key of this server is in the file `root.key` of its data directory.",
            },
        };
        return Task.CompletedTask;
    }

    /// <summary>
    /// A member with a custom converter has no schema: an id is a string, and a number is accepted as its text; an exact time is a string.
    /// </summary>
    private static Task DescribeIds(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        var attributes = context.JsonPropertyInfo?.AttributeProvider;
        var converters = attributes?.GetCustomAttributes(typeof(JsonConverterAttribute), inherit: true) ?? [];
        if (converters.OfType<JsonConverterAttribute>().Any(c =>
            c.ConverterType == typeof(Contracts.Json.IdTextConverter)
            || c.ConverterType == typeof(Contracts.Json.IdOrNoneConverter)
            || c.ConverterType == typeof(Contracts.Json.ExactTimeConverter)))
        {
            schema.Type = JsonSchemaType.String | JsonSchemaType.Null;
        }
        else if (context.JsonTypeInfo.Type == typeof(Contracts.Agents.SpecializationRequest))
        {
            DescribeSpecialization(schema);
        }

        return Task.CompletedTask;
    }

    /// <summary>Its name alone, or an object.</summary>
    private static void DescribeSpecialization(OpenApiSchema schema)
    {
        static OpenApiSchema Member(JsonSchemaType type) => new() { Type = type | JsonSchemaType.Null };
        static OpenApiSchema Number(int low, int high) => new()
        {
            Type = JsonSchemaType.Integer | JsonSchemaType.Null,
            Minimum = low.ToString(CultureInfo.InvariantCulture),
            Maximum = high.ToString(CultureInfo.InvariantCulture),
        };
        schema.OneOf =
        [
            new OpenApiSchema { Type = JsonSchemaType.String },
            new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
                {
                    ["name"] = new OpenApiSchema { Type = JsonSchemaType.String },
                    ["version"] = Member(JsonSchemaType.String),
                    ["level"] = Number(0, Contracts.Limits.MaxSkillLevel),
                    ["capacity"] = Number(1, Contracts.Limits.MaxCapacity),
                },
                Required = new HashSet<string>(StringComparer.Ordinal) { "name" },
                AdditionalPropertiesAllowed = false,
            },
        ];
    }

    private static async Task DescribeOperation(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.Parameters ??= [];
        var examples = Examples.Of(operation.OperationId);
        var parts = context.Description.RelativePath!.Split('/').Where(part => part.StartsWith('{'));
        foreach (var name in parts.Select(part => part.Trim('{', '}')))
        {
            if (!operation.Parameters.Any(p => p.Name == name))
            {
                operation.Parameters.Add(new OpenApiParameter
                {
                    Name = name,
                    In = ParameterLocation.Path,
                    Required = true,
                    Description = examples.Describe(name),
                    Example = examples.Find(name),
                    Schema = Text(),
                });
            }
        }

        foreach (var query in metadata.OfType<QueryParameter>())
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = query.Name,
                In = ParameterLocation.Query,
                Description = query.Description,
                Required = query.Required,
                Example = query.Required ? examples.Find(query.Name) : null, // the page sends every example that it shows
                Schema = query.IsFlag ? new OpenApiSchema { Type = JsonSchemaType.Boolean } : FixedWords.Schema(query.Words),
            });
        }

        if (context.Description.HttpMethod == HttpMethods.Get && metadata.OfType<RequiredScope>().Any())
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = MinRevision.Name,
                In = ParameterLocation.Query,
                Description = "Answered once this server has that revision, such as that of `X-Mesh-Revision`: up to 2 s, then 503 "
                    + "`behind`.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
            });
        }

        if (metadata.OfType<TakesIdempotencyKey>().Any())
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = "Idempotency-Key",
                In = ParameterLocation.Header,
                Description = $"The same key with the same request gets the first answer again, for {Limits.IdempotencyHours} hours.",
                Schema = Text(),
            });
        }

        if (metadata.OfType<RequiredScope>().FirstOrDefault() is { } scope)
        {
            var scopes = scope.AnyOf.Select(s => Core.Keys.ScopeWords.ToWords(s).FirstOrDefault()).OfType<string>().ToArray();
            var needs = metadata.OfType<RefreshTokenRequired>().Any() ?
                "Opened by a refresh token in place of the key." : scopes.Length == 0 ? "Scope: any."
                : $"Scope: {string.Join(" or ", scopes.Select(s => $"`{s}`"))}.";
            operation.Description = $"{operation.Description} {needs}".TrimStart();
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
        }

        if (metadata.OfType<FileBody>().FirstOrDefault() is { } file)
        {
            DescribeFile(operation, file, examples.Body);
        }

        if (metadata.OfType<JsonBody>().FirstOrDefault() is { } body)
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = !body.Optional,
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                {
                    ["application/json"] = new()
                    {
                        Schema = await context.GetOrCreateSchemaAsync(body.Type, cancellationToken: cancellation),
                        Example = examples.Body,
                    },
                },
            };
        }
    }

    private static void DescribeFile(OpenApiOperation operation, FileBody file, JsonNode? example)
    {
        var content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
        {
            [file.ContentType] = new()
            {
                Schema = file.IsText ? Text() : new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
                Example = example,
            },
        };
        if (file.IsAnswer)
        {
            ((OpenApiResponse)operation.Responses!["200"]).Content = content;
        }
        else
        {
            operation.RequestBody = new OpenApiRequestBody { Required = true, Content = content };
        }
    }

    private static OpenApiSchema Text() => new() { Type = JsonSchemaType.String };
}
