internal import Threads

/// What new nodes take over from where in the program they are made: the body of a scope, a derivative.
struct BuildingContext: Sendable {
  var scope: UInt32 = 0
  /// While set, new nodes belong to the derivative of this node and take its location and scope.
  var differentiating: NodeID?
  /// Whether that derivative is its tangent, and not its gradient.
  var isForwardMode = false
  /// While set, new nodes that belong to no derivative have this location.
  var commonLocation: PackedLocation?

  fileprivate var isPlain: Bool {
    scope == 0 && differentiating == nil && !isForwardMode && commonLocation == nil
  }
}

/// The contexts of all threads that build a graph: one may be within a scope while another adds nodes outside of it. A
/// scope's body and a derivative are built by one thread from beginning to end.
struct BuildingContexts: Sendable {
  /// That of the thread which has entered.
  var current = BuildingContext()
  private var thread: ThreadID?
  private var others: [ThreadID: BuildingContext] = [:]

  /// Makes the calling thread's context the current one.
  @inline(__always)
  mutating func enter() {
    let thread = ThreadID.current
    if thread != self.thread { change(to: thread) }
  }

  @inline(never)
  private mutating func change(to thread: ThreadID) {
    if let left = self.thread, !current.isPlain { others[left] = current }
    current = others.removeValue(forKey: thread) ?? BuildingContext()
    self.thread = thread
  }
}
