#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Which thread this is, among those that run now.
package struct ThreadID: Hashable, Sendable {
  private let bits: UInt

  package static var current: ThreadID {
    #if canImport(Glibc)
      ThreadID(bits: UInt(pthread_self()))
    #else
      ThreadID(bits: UInt(bitPattern: pthread_self()))
    #endif
  }
}
