/// What a gate's own kernel has done wrong, found while it ran: it asked for an operand that the gate does not have, or
/// for elements of another type, or left elements of its result unwritten.
///
/// A run that meets it fails with ``SessionError/gateFailed(node:gate:_:)``, which names the gate's node and the line
/// that applied it; the session stays usable.
public struct KernelFault: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}
