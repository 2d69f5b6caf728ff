/// Rules of a run, each of which can be left out to see what it is worth. A ``GraphExecutor`` follows all of them.
public struct VirtualRules: Equatable, Sendable {
  /// Seats are called while fewer search than there are units, and those that were called call two more; without it one
  /// wake-up is under way at a time.
  public var wakesSeveral = true

  /// Where costs are known, successors that became ready come to lie in a deque so that thieves take the one with the
  /// longest remaining chain, and the owner the one with the shortest; without it the other way round.
  public var thievesTakeLongest = true

  /// Where costs are known, roots are claimed only when no worker has anything else ready. Whoever began with them
  /// would be done with all roots early, and nothing would be left to do beside the long chains.
  public var rootsComeLast = true

  /// Where costs are known, a run has at most twice as many workers as units could run at once on average, which is its
  /// work divided by its span. Others would be woken again and again, and find nothing.
  public var limitsWorkers = true

  /// A caller whose run is over looks for a while whether the seats have left, before it sleeps until they have.
  public var callerStaysAwake = true

  public init() {}

  /// None of them.
  public static var none: VirtualRules {
    var rules = VirtualRules()
    (rules.wakesSeveral, rules.thievesTakeLongest, rules.rootsComeLast) = (false, false, false)
    (rules.limitsWorkers, rules.callerStaysAwake) = (false, false)
    return rules
  }
}
