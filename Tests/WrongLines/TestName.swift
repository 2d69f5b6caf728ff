/// A suite, or a test of one: "AdjointTests.SessionTests", "AdjointTests.SessionTests/`a step repeats`".
package struct TestName: Hashable, Sendable {
  /// The target and the suite, with a dot between them.
  package let suite: String
  /// The test within the suite, in the backticks of its declaration; nil: all of them.
  package let test: String?

  package init(_ name: String) {
    let parts = name.split(separator: "/", maxSplits: 1)
    suite = String(parts.first ?? "")
    test = parts.count > 1 ? String(parts[1]) : nil
  }

  package var target: String { String(suite.prefix { $0 != "." }) }

  /// For `swift test --filter`: this suite or test alone, none whose name or file merely contains it.
  package var filter: String {
    let characters = suite + "/" + (test.map { $0 + "(" } ?? "")
    return "^" + characters.map { "\\^$.|?*+()[]{}".contains($0) ? "\\\($0)" : "\($0)" }.joined()
  }
}

extension TestName: ExpressibleByStringLiteral {
  package init(stringLiteral name: String) { self.init(name) }
}

extension TestName: CustomStringConvertible {
  package var description: String { suite + (test.map { "/" + $0 } ?? "") }
}
