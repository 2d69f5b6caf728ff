import Foundation
import Testing

/// The pages under Decisions, held to the sources that they speak of: no build, no run, only texts.
@Suite(.timeLimit(.minutes(20))) struct DecisionsTests {
  @Test func `each constant of a page has its value where the page says, and cites it`() throws {
    var count = 0
    for page in try Package.pages() {
      for constant in try constants(of: page) {
        count += 1
        #expect(constant.names.count == constant.values.count, "\(constant): a value for each name")
        let text = try Package.text(of: constant.file)
        let lines = text.split(separator: "\n").map(String.init)
        for (name, value) in zip(constant.names, constant.values) {
          let isHeld = lines.contains { holds($0, value) && holds($0, name) }
          #expect(isHeld, "\(constant): no line has `\(name)` with \(value)")
        }
        #expect(text.contains(page), "\(constant): the file does not cite \(page)")
      }
    }
    #expect(count > 100)
  }

  @Test func `each page that the sources cite exists and has the file that cites it`() throws {
    var count = 0
    for file in try Package.files(under: "Sources") {
      for page in citations(in: try Package.text(of: file)) {
        count += 1
        let isThere = Package.exists(page)
        #expect(isThere, "\(file) cites \(page), which is not there")
        if isThere {
          let hasFile = try Package.text(of: page).contains("`\(file)`")
          #expect(hasFile, "\(page) does not name \(file), which cites it")
        }
      }
    }
    #expect(count > 50)
  }

  @Test func `each file and command that a page names exists`() throws {
    let makefile = try Package.text(of: "Makefile")
    let tests = try Package.files(under: "Tests")
    for page in try Package.pages() {
      let text = try Package.text(of: page)
      for name in quoted(text) where isPath(name) {
        let isThere = Package.exists(name)
        #expect(isThere, "\(page) names \(name), which is not there")
      }
      // Commands stand in lines indented by four.
      for line in text.split(separator: "\n") where line.hasPrefix("    ") {
        let words = line.split(separator: " ").map(String.init)
        if words.first == "make", words.count > 1 {
          let isTarget = makefile.contains("\n\(words[1]):")
          #expect(isTarget, "\(page): make has no \(words[1])")
        }
        if let place = words.firstIndex(of: "Benchmarks"), place + 1 < words.count {
          let isThere = Package.exists("Benchmarks/Sources/\(words[place + 1])")
          #expect(isThere, "\(page): no benchmark \(words[place + 1])")
        }
        if let place = words.firstIndex(of: "--filter"), place + 1 < words.count {
          // '^Module\.Suite/', of which the suite may be left out.
          let suite = words[place + 1].components(separatedBy: "\\.").last ?? ""
          let name = suite.components(separatedBy: "/")[0]
          let isThere = name == "'" || tests.contains { $0.hasSuffix("/\(name).swift") }
          #expect(isThere, "\(page): no suite \(name)")
        }
      }
    }
  }

  @Test func `the index has each page, and contributors are told of it`() throws {
    let index = try Package.text(of: "Decisions/README.md")
    for page in try Package.pages() where page != "Decisions/README.md" {
      let name = page.replacingOccurrences(of: "Decisions/", with: "")
      let isListed = index.contains("](\(name))")
      #expect(isListed, "Decisions/README.md does not list \(name)")
    }
    let isLinked = try Package.text(of: "CONTRIBUTING.md").contains("(Decisions/README.md)")
    #expect(isLinked)
  }

  /// A wrong page is noticed: the checks above look at something.
  @Test func `names and values are whole words, rows are read cell by cell`() {
    #expect(holds("static let few = 32  // pages", "few") && holds("static let few = 32", "32"))
    #expect(!holds("static let fewest = 320", "few") && !holds("static let fewest = 320", "32"))
    #expect(holds("let cost = 4.0", "4") && !holds("let cost4 = 1", "4"))
    #expect(quoted("| `a`, `b` | c") == ["a", "b"])
    let pages = citations(in: "x  // Decisions/Sums.md\n// Decisions/Units-and-division.md, y")
    #expect(pages == ["Decisions/Sums.md", "Decisions/Units-and-division.md"])
    #expect(isPath("Sources/Adjoint") && !isPath("sources") && !isPath("Tests/… and others"))
  }

  // MARK: reading

  /// A row of a page: names with their values, and the file that they stand in.
  private struct Constant: CustomStringConvertible {
    let page: String
    let names: [String]
    let values: [String]
    let file: String
    var description: String { "\(page), \(names.joined(separator: ", ")) in \(file)" }
  }

  /// The rows whose third cell is a file of Sources.
  private func constants(of page: String) throws -> [Constant] {
    var found: [Constant] = []
    for line in try Package.text(of: page).split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { quoted(String($0)) }
      guard cells.count >= 4, let file = cells[2].first, file.hasPrefix("Sources/") else { continue }
      found.append(Constant(page: page, names: cells[0], values: cells[1], file: file))
    }
    return found
  }

  /// What stands between backticks.
  private func quoted(_ text: String) -> [String] {
    let parts = text.components(separatedBy: "`")
    return parts.indices.filter { $0 % 2 == 1 }.map { parts[$0] }
  }

  private func isPath(_ name: String) -> Bool {
    let folders = ["Sources/", "Tests/", "Benchmarks/", "Decisions/", "Examples/", ".ci/"]
    return !name.contains(" ") && folders.contains { name.hasPrefix($0) }
  }

  /// The pages that a text cites.
  private func citations(in text: String) -> [String] {
    let start = "Decisions/"
    return text.components(separatedBy: start).dropFirst().compactMap { rest in
      guard let end = rest.range(of: ".md") else { return nil }
      let name = rest[..<end.lowerBound]
      return name.allSatisfy { $0.isLetter || $0 == "-" } ? "\(start)\(name).md" : nil
    }
  }

  /// Whether a line has a word, or some words, and no letter or digit before or behind.
  private func holds(_ line: String, _ words: String) -> Bool {
    let parts = line.components(separatedBy: words)
    for place in parts.indices.dropFirst() {
      let before = parts[place - 1].last, behind = parts[place].first
      if !isOfWord(before) && !isOfWord(behind) { return true }
    }
    return false
  }

  private func isOfWord(_ character: Character?) -> Bool {
    guard let character else { return false }
    return character.isLetter || character.isNumber || character == "_"
  }

  /// The files of the package, by their paths from its root.
  private enum Package {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()

    static func exists(_ path: String) -> Bool {
      FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    static func text(of path: String) throws -> String {
      try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The pages under Decisions.
    static func pages() throws -> [String] { try files(under: "Decisions").filter { $0.hasSuffix(".md") } }

    /// Swift, C and Markdown, in order.
    static func files(under folder: String) throws -> [String] {
      let endings = [".swift", ".c", ".h", ".md"]
      return try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
        .filter { file in endings.contains { file.hasSuffix($0) } }
        .sorted().map { "\(folder)/\($0)" }
    }
  }
}
