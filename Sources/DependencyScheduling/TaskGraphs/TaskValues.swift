/// The values that the tasks of one run have made, each in a place of its own in one block of memory.
///
/// **Who must see what.** A value is written once, by its task, and read by tasks that run after it, and when the run
/// is over. Whatever orders the tasks publishes the values: there is no lock and no atomic.
final class TaskValues: @unchecked Sendable {  // because the graph orders each value's write before its reads
  /// Where the value of one task is.
  struct Place: Hashable, Sendable {
    /// The task's index.
    fileprivate let task: Int
    /// In bytes from the start of the block.
    fileprivate let offset: Int
  }

  /// The places of a graph's values.
  struct Layout: Sendable {
    fileprivate private(set) var byteCount = 0
    fileprivate private(set) var alignment = 1
    fileprivate private(set) var endings: [Ending] = []

    /// How to end the life of one value.
    struct Ending: Sendable {
      let place: Place
      let deinitialize: @Sendable (UnsafeMutableRawPointer) -> Void
    }

    mutating func append<Value: Sendable>(_ type: Value.Type, of task: Int) -> Place {
      let step = MemoryLayout<Value>.alignment
      let offset = (byteCount + step - 1) / step * step
      byteCount = offset + MemoryLayout<Value>.size
      alignment = max(alignment, step)
      let place = Place(task: task, offset: offset)
      endings.append(Ending(place: place) { $0.assumingMemoryBound(to: Value.self).deinitialize(count: 1) })
      return place
    }
  }

  private let layout: Layout
  private let memory: UnsafeMutableRawPointer
  /// Whether each task has left its value.
  private let isStored: UnsafeMutablePointer<Bool>

  /// - Complexity: O(tasks).
  init(_ tasks: TaskTable) {
    layout = tasks.layout
    memory = .allocate(byteCount: max(layout.byteCount, 1), alignment: layout.alignment)
    isStored = .allocate(capacity: tasks.entries.count)
    isStored.initialize(repeating: false, count: tasks.entries.count)
  }

  deinit {
    for ending in layout.endings where isStored[ending.place.task] {
      ending.deinitialize(memory + ending.place.offset)
    }
    isStored.deallocate()
    memory.deallocate()
  }

  /// Leaves a task's value; once a run, by that task.
  func store<Value: Sendable>(_ value: Value, at place: Place) {
    (memory + place.offset).initializeMemory(as: Value.self, to: value)
    isStored[place.task] = true
  }

  /// What a task has made that has run.
  func value<Value: Sendable>(of output: TaskOutput<Value>) -> Value {
    demand(isStored[output.place.task], "\(output) is read before it was made")
    return (memory + output.place.offset).assumingMemoryBound(to: Value.self).pointee
  }
}
