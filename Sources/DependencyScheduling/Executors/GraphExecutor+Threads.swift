public import Dispatch

extension GraphExecutor {
  /// An executor as wide as the process may be: by the affinity of its threads, the quota of its control group and, on
  /// Apple's processors, the number of performance cores.
  ///
  /// - Parameters:
  ///   - sharing: Whether runs are shared out that do not say it themselves.
  ///   - qos: The quality of service of its threads.
  ///   - label: What its queues are called in a debugger.
  ///   - observer: Told of what it does.
  public convenience init(
    sharing: Sharing = .automatic, qos: DispatchQoS = .unspecified, label: String = "DependencyScheduling.executor",
    observer: (any ExecutorObserver)? = nil
  ) {
    self.init(
      width: ProcessorAllowance.current.width, sharing: sharing, observer: observer,
      source: Self.ownQueues(qos, label))
  }

  /// An executor of a given width, on queues of its own.
  ///
  /// - Parameters:
  ///   - width: The most workers of one run, its caller included, and the most seats that are taken; from 1 to 4,096.
  ///   - sharing: Whether runs are shared out that do not say it themselves.
  ///   - qos: The quality of service of its threads.
  ///   - label: What its queues are called in a debugger, followed by a number.
  ///   - observer: Told of what it does.
  /// - Throws: ``InvalidWidth``.
  public convenience init(
    width: Int, sharing: Sharing = .automatic, qos: DispatchQoS = .unspecified,
    label: String = "DependencyScheduling.executor", observer: (any ExecutorObserver)? = nil
  ) throws(InvalidWidth) {
    self.init(
      width: try InvalidWidth.check(width), sharing: sharing, observer: observer, source: Self.ownQueues(qos, label))
  }

  /// An executor on the host's queue. On a serial one, one seat works at a time.
  ///
  /// - Parameters:
  ///   - width: The most workers of one run, its caller included, and the most seats that are taken; from 1 to 4,096.
  ///   - queue: Where the blocks of all seats are submitted.
  ///   - sharing: Whether runs are shared out that do not say it themselves.
  ///   - observer: Told of what it does.
  /// - Throws: ``InvalidWidth``.
  public convenience init(
    width: Int, on queue: DispatchQueue, sharing: Sharing = .automatic, observer: (any ExecutorObserver)? = nil
  ) throws(InvalidWidth) {
    self.init(
      width: try InvalidWidth.check(width), sharing: sharing, observer: observer, isHosted: true,
      source: { _ in .queue(queue) })
  }

  /// An executor on the host's threads: each time a seat is called, its block is given to `submit`.
  ///
  /// ```swift
  /// let executor = try GraphExecutor(width: 4, on: { block in threadPool.submit { _ in block() } })
  /// ```
  /// Nothing waits for a block that has not started, but asynchronous runs and Swift tasks have no other threads.
  ///
  /// - Parameters:
  ///   - width: The most workers of one run, its caller included, and the most seats that are taken; from 1 to 4,096.
  ///   - submit: Has a thread of the host's call the block, soon. It is called by any thread that has work for others,
  ///     while a lock is held: it must return without calling the block itself.
  ///   - sharing: Whether runs are shared out that do not say it themselves.
  ///   - observer: Told of what it does.
  /// - Throws: ``InvalidWidth``.
  public convenience init(
    width: Int, on submit: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void,
    sharing: Sharing = .automatic, observer: (any ExecutorObserver)? = nil
  ) throws(InvalidWidth) {
    self.init(
      width: try InvalidWidth.check(width), sharing: sharing, observer: observer, isHosted: true,
      source: { _ in .host(submit) })
  }

  /// A serial queue a seat: these get threads beyond those of Swift's pool, which on Linux is a concurrent queue's.
  private static func ownQueues(_ qos: DispatchQoS, _ label: String) -> @Sendable (Int) -> Seat.Source {
    { .queue(DispatchQueue(label: "\(label).\($0)", qos: qos)) }
  }
}
