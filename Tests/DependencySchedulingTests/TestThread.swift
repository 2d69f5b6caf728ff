import Dispatch
import Foundation

/// A thread that certainly runs beside the others, unlike a Dispatch block.
final class TestThread: Sendable {
  private let done = DispatchSemaphore(value: 0)

  init(_ body: @escaping @Sendable () -> Void) {
    Thread.detachNewThread { [done] in
      body()
      done.signal()
    }
  }

  /// Waits for its end; once.
  func join() {
    done.wait()
  }
}
