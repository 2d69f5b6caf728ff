import Foundation

/// A thread with a stack of 512 KiB, the least that an embedder's threads have: what recurses over a graph ends here.
enum SmallStackThread {
  /// Runs `body` to its end and returns; the error it throws is thrown.
  static func run(_ body: @escaping @Sendable () throws -> Void) throws {
    let job = Job(body)
    withUnsafeTemporaryAllocation(of: pthread_attr_t.self, capacity: 1) { attributes in
      let attributes = attributes.baseAddress!
      precondition(pthread_attr_init(attributes) == 0)
      precondition(pthread_attr_setstacksize(attributes, 512 << 10) == 0)
      withUnsafeTemporaryAllocation(of: pthread_t.self, capacity: 1) { thread in
        let passed = Unmanaged.passRetained(job).toOpaque()
        #if canImport(Darwin)
          let status = thread.withMemoryRebound(to: pthread_t?.self) {
            pthread_create($0.baseAddress!, attributes, { Job.start($0) }, passed)
          }
        #else
          let status = pthread_create(thread.baseAddress!, attributes, { Job.start($0!) }, passed)
        #endif
        precondition(status == 0, "no thread was made: \(status)")
        pthread_join(thread[0], nil)
      }
      pthread_attr_destroy(attributes)
    }
    if let failure = job.failure { throw failure }
  }

  private final class Job: @unchecked Sendable {  // because the maker reads `failure` after the thread has ended
    private let body: @Sendable () throws -> Void
    private(set) var failure: (any Error)?
    init(_ body: @escaping @Sendable () throws -> Void) { self.body = body }

    static func start(_ pointer: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
      let job = Unmanaged<Job>.fromOpaque(pointer).takeRetainedValue()
      do { try job.body() } catch { job.failure = error }
      return nil
    }
  }
}
