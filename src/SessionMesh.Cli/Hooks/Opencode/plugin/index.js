// Session Mesh for opencode: nothing yet.
export const SessionMesh = async () => ({});
