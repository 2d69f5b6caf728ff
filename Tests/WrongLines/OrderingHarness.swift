/// A program from Tests/OrderingHarnesses, built around one source file of the package.
package struct OrderingHarness: Hashable, Sendable {
  /// How a weakened ordering shows.
  package enum Sign: Sendable {
    /// The Thread Sanitizer reports a race.
    case race
    /// At full speed, units are lost or taken twice.
    case lostUnits
  }

  /// The file's name, without extension.
  package let name: String
  package let sign: Sign

  /// Its place in the package. Programs that tell a lost unit at full speed are litmus tests, in a folder of their own.
  package var file: String {
    "Tests/OrderingHarnesses/\(sign == .lostUnits ? "Litmus/" : "")\(name).swift"
  }
}
