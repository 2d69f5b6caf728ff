/// A name that equals another only if both have the same bytes.
///
/// Strings are equal in Swift when Unicode calls them canonically equivalent: an "é" of one scalar and one of two.
/// Files tell such names apart, as do other programs that read them, so names of nodes and scopes are told apart too:
/// what is keyed by a name is keyed by this.
package struct ExactName: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let text: String

  package init(_ text: String) { self.text = text }

  package var description: String { text }

  package static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  /// By bytes: "Z" before "a", and everything in ASCII before the rest.
  package static func < (left: Self, right: Self) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }

  package func hash(into hasher: inout Hasher) {
    let utf8 = text.utf8
    let isHashed: Void? = utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    if isHashed == nil { Array(utf8).withUnsafeBytes { hasher.combine(bytes: $0) } }
    hasher.combine(0xFF as UInt8)  // a byte of no UTF-8: the name ends here
  }

  /// A number of the bytes alone, the same in every process, on every platform and in every version: the hash of
  /// Fowler, Noll and Vo (1a), 64 bits wide.
  var fixedHash: UInt64 { text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } }
}

extension Sequence<String> {
  /// In an order that bytes alone decide, so that no two different names are tied.
  package func sortedByBytes() -> [String] { sorted { ExactName($0) < ExactName($1) } }
}
