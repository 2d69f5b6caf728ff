import Foundation
import Testing

/// A call that blocks has an asynchronous form of its name, and asynchronous code cannot take it for that: held against
/// the sources, whose texts alone are read.
@Suite(.timeLimit(.minutes(20))) struct BlockingCallTests {
  private static let modules = ["Adjoint", "AdjointTraining", "DependencyScheduling"]

  @Test func `each public call that blocks is marked so, and has an asynchronous form of its name`() throws {
    var count = 0
    for module in Self.modules {
      let functions = try Self.sources(of: module).flatMap { PublicFunction.all(in: $0.text, file: $0.name) }
      let blocking = functions.filter(\.blocks)
      count += blocking.count
      for function in blocking {
        #expect(function.isMarked, "\(function) may be called by asynchronous code")
        #expect(functions.contains { $0.isAsynchronousForm(of: function) }, "\(function) has no asynchronous form")
      }
    }
    #expect(count >= 20)
  }

  @Test func `a call without the mark or the form is found`() {
    let text = """
      extension Session {
        /// Runs.
        @available(*, noasync, message: "text")
        public func run(_ pass: Pass, cancellation: CancellationToken? = nil) throws { try executor.run(pass) }
        /// Runs.
        public func run(_ pass: Pass) async throws {}
        public func look(at pass: Pass, cancellation: CancellationToken? = nil) throws {}
        public mutating func lend<T>(
          _ values: Span<T>, asInput node: Node, _ body: () throws -> Void
        ) throws {
          var wait = PatientWait()
        }
        public func count(of pass: Pass) -> Int { 1 }
      }
      """
    let functions = PublicFunction.all(in: text, file: "Session.swift")
    #expect(functions.map(\.name) == ["run", "run", "look", "lend", "count"])
    #expect(functions.map(\.blocks) == [true, false, true, true, false])
    #expect(functions.map(\.isMarked) == [true, false, false, false, false])
    #expect(functions[3].labels == ["_", "asInput", "_"])
    #expect(functions[1].isAsynchronousForm(of: functions[0]))
    #expect(!functions.contains { $0.isAsynchronousForm(of: functions[2]) })
  }

  private static func sources(of module: String) throws -> [(name: String, text: String)] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/\(module)")
    return try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }.sorted()
      .map { ($0, try String(contentsOf: root.appending(path: $0), encoding: .utf8)) }
  }
}

/// A public function, as its text says.
private struct PublicFunction: CustomStringConvertible {
  let file: String
  let name: String
  let labels: [String]
  let isAsync: Bool
  /// Whether asynchronous code cannot call it.
  let isMarked: Bool
  private let signature: Substring, body: Substring

  var description: String { "\(name)(\(labels.map { $0 + ":" }.joined())) in \(file)" }

  /// What blocks until something has run, or somebody has ended.
  private static let waits = [
    "executor.run(", "executor.trace(", "try run(", "try perform(", "try begin(", "PatientWait()", "try lending(",
    "session.step(", "try takeStep(", "session.parameters.save(", "session.parameters.replaceValues(",
  ]

  var blocks: Bool {
    !isAsync && (signature.contains("CancellationToken") || Self.waits.contains { body.contains($0) })
  }

  /// Labels that asynchronous forms need not have, since cancelling the task does it and a body that is kept knows its
  /// place, and the actor, which they alone have.
  private static let optional: Set = ["cancellation", "isolation", "fileID", "line", "column"]

  func isAsynchronousForm(of other: PublicFunction) -> Bool {
    func essential(_ labels: [String]) -> [String] {
      labels.filter { !Self.optional.contains($0) }.map { $0 == "keeping" ? "_" : $0 }
    }
    return isAsync && name == other.name && essential(labels) == essential(other.labels)
  }

  static func all(in text: String, file: String) -> [PublicFunction] {
    text.matches(of: /\n *public (?:[a-z]+(?:\([a-z]+\))? )*func (\w+)[^(]*\(/).map { match in
      let parameters = inside(text[...], from: text.index(before: match.range.upperBound))
      let rest = text[parameters.endIndex...]
      let start = rest.firstIndex { $0 == "{" } ?? rest.endIndex
      let attributes = text[..<match.range.lowerBound].split(separator: "\n", omittingEmptySubsequences: false)
        .reversed().map { $0.drop(while: \.isWhitespace) }.prefix { $0.hasPrefix("@") }
      return PublicFunction(
        file: file, name: String(match.1), labels: labels(of: parameters),
        isAsync: rest[..<start].contains(/\basync\b/),
        isMarked: attributes.contains { $0.hasPrefix("@available(*, noasync") },
        signature: parameters, body: start < rest.endIndex ? inside(text[...], from: start) : "")
    }
  }

  /// What is between the bracket at `start` and the one that closes it.
  private static func inside(_ text: Substring, from start: String.Index) -> Substring {
    var depth = 0
    var index = start
    while index < text.endIndex {
      if "([{".contains(text[index]) { depth += 1 }
      if ")]}".contains(text[index]) { depth -= 1 }
      if depth == 0 { break }
      index = text.index(after: index)
    }
    return text[text.index(after: start)..<index]
  }

  /// The names by which a caller gives each parameter.
  private static func labels(of parameters: Substring) -> [String] {
    var depth = 0
    var labels: [String] = [], current = ""
    for character in parameters + "," {
      if "([{<".contains(character) { depth += 1 }
      // Not the end of an arrow.
      if ")]}".contains(character) || character == ">" && !current.hasSuffix("-") { depth -= 1 }
      if character == ",", depth == 0 {
        let words = current.split(separator: ":").first?.split(whereSeparator: \.isWhitespace) ?? []
        if let label = words.first(where: { !$0.hasPrefix("@") }) { labels.append(String(label)) }
        current = ""
      } else {
        current.append(character)
      }
    }
    return labels
  }
}
