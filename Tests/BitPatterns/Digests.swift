import Foundation
import Kernels

/// The committed digests, a line a case: its name and the hash.
public struct Digests: Equatable {
  public var ofCase: [String: String]

  public init(_ ofCase: [String: String]) { self.ofCase = ofCase }

  /// Beside this file.
  private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "digests.txt")

  public static func committed() throws -> Digests {
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
    let pairs = lines.map { $0.split(separator: " ").map(String.init) }
    return Digests(Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) }))
  }

  public func write() throws {
    let lines = BitCase.all.compactMap { bitCase in ofCase[bitCase.name].map { "\(bitCase.name) \($0)\n" } }
    let text =
      "# What each case of BitPatterns computes on every processor: `make bits ARGUMENTS=--update` writes it.\n"
    try (text + lines.joined()).write(to: Self.file, atomically: true, encoding: .utf8)
  }

  /// Those of the cases with the vectors in use.
  public static func computed(_ cases: [BitCase] = BitCase.all) throws -> Digests {
    Digests(Dictionary(uniqueKeysWithValues: try cases.map { ($0.name, try $0.digest()) }))
  }

  /// Those of the cases, and of what is no case at all.
  public func of(_ cases: [BitCase]) -> Digests {
    let others = Set(BitCase.all.map(\.name)).subtracting(cases.map(\.name))
    return Digests(ofCase.filter { !others.contains($0.key) })
  }

  /// One digest of all cases, in their order.
  public var whole: String {
    var hash = BitHash()
    for bitCase in BitCase.all {
      if let digest = ofCase[bitCase.name], let value = UInt64(digest, radix: 16) { hash.add(value) }
    }
    return hash.text
  }

  /// The cases that differ from `others`, by name.
  public func differences(from others: Digests) -> [String] {
    Set(ofCase.keys).union(others.ofCase.keys).filter { ofCase[$0] != others.ofCase[$0] }.sorted()
  }
}

extension VectorLevel {
  /// As `ADJOINT_VECTOR` names it.
  public var word: String {
    switch self {
    case .plain: "plain"
    case .bits128: "neon"
    case .bits256: "avx2"
    case .bits512: "avx512"
    }
  }
}
