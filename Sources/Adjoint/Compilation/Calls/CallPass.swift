/// A step of the compiler from calls to calls.
protocol CallPass: SendableMetatype {
  /// The name by which ``CompilerPass`` leaves it out.
  static var name: String { get }

  static func apply(to calls: inout CallGraph, for options: Program.Options)
}

/// The passes over calls, in this order.
///
/// To add one: its file, and its line here. After each, debug builds check the calls' invariants.
enum CallPasses {
  static let all: [any CallPass.Type] = [PackOperands.self, FuseProducts.self]
}
