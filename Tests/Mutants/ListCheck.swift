import Foundation
import WrongLines

/// Whether entries fit the package's files: what can be known without building anything.
struct ListCheck {
  private let package: URL
  /// By target.
  private let testFiles: [String: [TestFile]]

  private struct TestFile {
    let text: String
    let declared: Set<Substring>
    let extended: Set<Substring>

    init(_ text: String) {
      self.text = text
      var (declared, extended): (Set<Substring>, Set<Substring>) = ([], [])
      for line in text.split(separator: "\n") where !line.hasPrefix("//") {
        let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
        for (keyword, name) in zip(words, words.dropFirst()) {
          if ["struct", "class", "actor", "enum"].contains(keyword) { declared.insert(name) }
          if keyword == "extension" { extended.insert(name) }
        }
      }
      (self.declared, self.extended) = (declared, extended)
    }
  }

  init(of package: URL) throws {
    self.package = package
    var testFiles: [String: [TestFile]] = [:]
    let tests = package.appending(path: "Tests")
    for file in try FileManager.default.subpathsOfDirectory(atPath: tests.path) where file.hasSuffix(".swift") {
      let text = try String(contentsOf: tests.appending(path: file), encoding: .utf8)
      testFiles[String(file.prefix { $0 != "/" }), default: []].append(TestFile(text))
    }
    self.testFiles = testFiles
  }

  /// What is wrong with `line`; nil if it can be tried.
  func problem(with line: WrongLine) -> String? {
    guard let source = try? String(contentsOf: package.appending(path: line.file), encoding: .utf8) else {
      return "there is no \(line.file)"
    }
    do { _ = try line.apply(to: source) } catch { return error.description }
    switch line.proof {
    case .walk: return nil
    case .ordering(let harness):
      let path = package.appending(path: harness.file).path
      return FileManager.default.fileExists(atPath: path) ? nil : "there is no \(path)"
    case .tests(let name): return exists(name) ? nil : "there is no test \(name)"
    }
  }

  /// Whether a suite of that name, and its test, is declared.
  func exists(_ name: TestName) -> Bool {
    let suite = name.suite.drop { $0 != "." }.dropFirst()
    guard let files = testFiles[name.target], files.contains(where: { $0.declared.contains(suite) }) else {
      return false
    }
    guard let test = name.test else { return true }
    return files.contains { file in
      (file.declared.contains(suite) || file.extended.contains(suite)) && file.text.contains("func \(test)(")
    }
  }
}
