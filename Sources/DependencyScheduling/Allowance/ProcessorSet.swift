import CThreads

/// A set of processors, in the layout of the system's `cpu_set_t`: one bit each, in machine words.
struct ProcessorSet: Equatable {
  var words: [UInt] = []

  /// The number of processors in the set.
  var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  mutating func formUnion(_ other: ProcessorSet) {
    if words.count < other.words.count {
      words += repeatElement(0, count: other.words.count - words.count)
    }
    for (place, word) in other.words.enumerated() { words[place] |= word }
  }
}

extension ProcessorSet {
  /// The kernel refuses to fill a set that is smaller than its own. Linux supports at most 8,192 processors in any
  /// configuration (`NR_CPUS`); glibc's `cpu_set_t` has only 1,024.
  static let supportedProcessors = 8_192  // Decisions/Limits.md

  /// The processors on which the given thread may run, without those that are switched off; `nil` if it has ended.
  ///
  /// The masks in `/proc/self/task/*/status` would not do: they include processors that are switched off or that the
  /// machine lacks but could be given.
  ///
  /// - Parameter thread: The system's number of the thread, 0 for the calling one.
  init?(ofThread thread: Int32) {
    words = Array(repeating: 0, count: Self.supportedProcessors / UInt.bitWidth)
    let bytes = words.count * MemoryLayout<UInt>.size
    guard adj_processors_of_thread(thread, &words, bytes) != 0 else { return nil }
  }

  /// The processors on which at least one of the threads may run.
  ///
  /// - Parameter processors: Reads the set of one thread, `nil` if it has ended.
  init(ofThreads threads: some Sequence<Int32>, reading processors: (Int32) -> ProcessorSet?) {
    for thread in threads {
      if let set = processors(thread) { formUnion(set) }
    }
  }
}
