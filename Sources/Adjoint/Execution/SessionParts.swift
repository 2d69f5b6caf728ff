/// What makes a session warm: its memory, and what an executor is given to run on it.
///
/// It outlives a session where a pool keeps it for the next one. It holds neither the program, which may itself hold
/// it, nor the store, of whose parameters it knows the addresses: it is used with the same two again, and by one
/// session at a time.
struct SessionParts: Sendable {
  let workspace: Workspace
  let runner: UnitRunner
  let bodies: PassBodies

  init(_ program: Program, memoryLimit: Int?) {
    workspace = Workspace(program, memoryLimit: memoryLimit)
    runner = UnitRunner(program, workspace)
    bodies = PassBodies(runner)
  }
}
