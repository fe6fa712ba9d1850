namespace SessionMesh.Cli.Completion;

/// <summary>
/// What makes a shell ask <see cref="Completer"/>. The scripts know nothing of the commands, so that they never grow old: they pass the
/// words up to the cursor on, and complete files and other commands as the shell does by itself.
/// </summary>
internal static class ShellScripts
{
    /// <summary>Bash cuts words at <c>:</c> and <c>=</c>: they are put together again, and what fits is cut as bash has cut it.</summary>
    public const string Bash = """
        _session_mesh() {
            local rest=${COMP_LINE:0:COMP_POINT} current='' word last='' i at
            local -a typed=() found=()
            for ((i = 0; i <= COMP_CWORD; i++)); do
                word=${COMP_WORDS[i]}
                if [[ $rest == [[:blank:]]* || $i -eq 0 ]]; then
                    rest=${rest#"${rest%%[![:blank:]]*}"}
                    typed+=('')
                fi
                [[ $rest == "$word"* ]] || word=$rest
                rest=${rest#"$word"}
                typed[-1]+=$word
                last=$word
            done
            current=${typed[-1]}
            mapfile -t found < <("${typed[0]}" __complete "${typed[@]:1}" 2>/dev/null)
            COMPREPLY=()
            case ${found[0]} in
                files)
                    compopt -o default
                    ;;
                command)
                    for ((at = 0; at < COMP_CWORD; at++)); do
                        [[ ${COMP_WORDS[at]} != -- ]] || break
                    done
                    if declare -F _command_offset >/dev/null; then
                        _command_offset $((at + 1))
                    elif ((COMP_CWORD == at + 1)); then
                        mapfile -t COMPREPLY < <(compgen -c -- "$current")
                    else
                        compopt -o default
                    fi
                    ;;
                words)
                    [[ $last != [:=] ]] || last=''
                    word=${current%"$last"}
                    found=("${found[@]:1}")
                    COMPREPLY=("${found[@]#"$word"}")
                    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[:=,] ]] || compopt -o nospace
                    ;;
            esac
        }
        complete -F _session_mesh session-mesh

        """;

    public const string Zsh = """
        #compdef session-mesh
        _session_mesh() {
            local -a found
            local at
            found=("${(@f)$("${words[1]}" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
            case ${found[1]} in
                files)
                    _files
                    ;;
                command)
                    at=${words[(i)--]}
                    (( CURRENT -= at ))
                    words=("${(@)words[at+1,-1]}")
                    _normal
                    ;;
                words)
                    local -a whole begun
                    whole=("${(@)found[2,-1]:#*[:=,]}")
                    begun=("${(@M)found[2,-1]:#*[:=,]}")
                    compadd -a whole
                    compadd -S '' -a begun
                    ;;
            esac
        }
        if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
            _session_mesh "$@"
        else
            compdef _session_mesh session-mesh
        fi

        """;

    public const string Fish = """
        function __session_mesh_complete
            set -l typed (commandline -opc)
            set -l current (commandline -ct)
            set -l found ($typed[1] __complete $typed[2..] "$current" 2>/dev/null)
            switch "$found[1]"
                case files
                    __fish_complete_path "$current"
                case command
                    set -l at (contains -i -- -- $typed)
                    complete -C (string join -- ' ' (string escape -- $typed[(math $at + 1)..]) "$current")
                case words
                    test (count $found) -lt 2; or printf '%s\n' $found[2..]
            end
        end
        complete -f -c session-mesh -a '(__session_mesh_complete)'

        """;

    public const string Pwsh = """
        Register-ArgumentCompleter -Native -CommandName session-mesh -ScriptBlock {
            param($current, $ast, $position)
            $typed = @($ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $position } |
                ForEach-Object { $_.Extent.Text })
            $kind, $found = @(& $ast.CommandElements[0].Extent.Text __complete @typed "$current" 2>$null)
            if ($kind -eq 'command') {
                [System.Management.Automation.CompletionCompleters]::CompleteCommand($current)
            } elseif ($kind -eq 'words') {
                $found | Where-Object { $_ } |
                    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
            }
        }

        """;
}
