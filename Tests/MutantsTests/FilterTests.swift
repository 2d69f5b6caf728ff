import Foundation
import Testing

@testable import WrongLines
@testable import mutants

/// Filters of tests in scripts and documents choose what they name, and nothing else.
///
/// A filter is a regular expression that is searched in a test's identifier, which ends with its file's name:
/// "SessionTests" alone would run tests in files whose names contain it, too.
@Suite(.timeLimit(.minutes(20))) struct FilterTests {
  /// A filter that chooses whole targets or whole suites.
  struct Choice {
    let targets: [String]
    /// None: all suites of the targets.
    let suites: [String]

    /// nil for a regular expression that is not anchored on both sides.
    init?(_ filter: some StringProtocol) {
      func names(_ text: Substring) -> [String] { text.split { !$0.isLetter && !$0.isNumber }.map(String.init) }
      guard
        let match = String(filter).wholeMatch(
          of: /\^(\w+|\((?:\w+\|)*\w+\))\\\.(?:(\w+|\((?:\w+\|)*\w+\))\/)?/)
      else { return nil }
      targets = names(match.1)
      suites = match.2.map(names) ?? []
    }
  }

  @Test func `a filter without its anchors is none`() throws {
    let choice = try #require(Choice(#"^(ATests|BTests)\.(OneTests|TwoTests)/"#))
    #expect(choice.targets == ["ATests", "BTests"])
    #expect(choice.suites == ["OneTests", "TwoTests"])
    #expect(try #require(Choice(#"^ATests\."#)).suites.isEmpty)
    for wrong in [
      "OneTests", "^OneTests", #"ATests\.OneTests/"#, #"^ATests\.OneTests"#, "^ATests.OneTests/", "^ATests",
    ] {
      #expect(Choice(wrong) == nil)
    }
  }

  @Test func `each filter in scripts and documents is anchored, and names what exists`() throws {
    var count = 0
    for (file, text) in try Self.texts() {
      for match in text.matches(of: /(?:--filter|--skip)[ \n]+(['"]?)([^'" \n`]+)/) {
        count += 1
        // Put together by a script, from a list with a test of its own.
        if match.2.contains("$") { continue }
        guard let choice = Choice(match.2), match.1 == "'" else {
          Issue.record("\(file): \(match.0) is not anchored, or not in single quotes")
          continue
        }
        for target in choice.targets {
          if choice.suites.isEmpty {
            #expect(try Self.suites(of: target)?.isEmpty == false, "\(file): there is no target \(target)")
          }
          for suite in choice.suites {
            #expect(try Self.suites(of: target)?.contains(suite) == true, "\(file): no suite \(target).\(suite)")
          }
        }
      }
    }
    #expect(count > 40)
  }

  @Test func `each suite that the sanitizers leave out exists, and is named once`() throws {
    let list = try String(contentsOf: Repository.root.appending(path: ".ci/unsanitized"), encoding: .utf8)
    let names = list.split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(names.count > 3)
    #expect(Set(names).count == names.count)
    for name in names {
      let parts = name.split(separator: ".").map(String.init)
      let suites = try #require(try Self.suites(of: parts[0]), "no target \(name)")
      if parts.count == 2 {
        #expect(suites.contains(parts[1]), "no suite \(name)")
        #expect(!names.contains { $0 == parts[0] }, "\(name) is left out with its whole target")
      }
      // Races, deadlocks and lost wake-ups are the scheduler's.
      #expect(parts.count == 2 || parts[0] != "DependencySchedulingTests")
    }
  }

  /// The names of the suites in a target of this package or of the benchmarks'; nil: there is no such target.
  private static func suites(of target: String) throws -> Set<String>? {
    for tests in ["Tests", "Benchmarks/Tests"] {
      let folder = Repository.root.appending(path: tests).appending(path: target)
      guard let files = try? FileManager.default.subpathsOfDirectory(atPath: folder.path) else { continue }
      let texts = try files.filter { $0.hasSuffix(".swift") }.map {
        try String(contentsOf: folder.appending(path: $0), encoding: .utf8)
      }
      return Set(texts.flatMap { $0.matches(of: /@Suite[^{]*?(?:struct|class|actor|enum) (\w+)/).map { String($0.1) } })
    }
    return nil
  }

  /// Scripts, documents and sources, this file left out.
  private static func texts() throws -> [(file: String, text: String)] {
    let folders = [".ci", "Sources", "Tests", "Examples", "Benchmarks"]
    var files: [String] = []
    for folder in folders {
      let names = FileManager.default.enumerator(atPath: Repository.root.appending(path: folder).path)
      while let name = names?.nextObject() as? String {
        if name.contains(".build") { names?.skipDescendants() } else { files.append("\(folder)/\(name)") }
      }
    }
    let own = ["md", "swift", "py", "sh"]
    let chosen = files.filter { file in
      !file.hasSuffix("FilterTests.swift")
        && (file.hasPrefix(".ci/") || own.contains { file.hasSuffix(".\($0)") })
    }
    return try (chosen + ["Makefile", "README.md", "CONTRIBUTING.md", "Package.swift"]).map {
      ($0, try String(contentsOf: Repository.root.appending(path: $0), encoding: .utf8))
    }
  }
}
