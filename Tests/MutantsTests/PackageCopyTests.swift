import Foundation
import Testing

@testable import mutants

/// The copy in which wrong lines are tried.
@Suite(.timeLimit(.minutes(20))) struct PackageCopyTests {
  @Test func `files that are the same keep their times, all others become the package's`() throws {
    try withFolder { (folder) throws in
      let package = folder.appending(path: "package"), copy = PackageCopy(in: folder.appending(path: "own"))
      try Repository.write(["same": "1", "in/changed": "2", "gone": "3", "in/unknown": "4"], in: package)
      try copy.update(from: package, files: ["same", "in/changed", "gone"])
      #expect(try contents(of: copy) == ["same": "1", "in/changed": "2", "gone": "3"])

      let past = Date(timeIntervalSince1970: 1e9)
      for name in ["same", "in/changed"] {
        let path = copy.root.appending(path: name).path
        try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: path)
      }
      try Repository.write(["in/changed": "two", "new/one": "5"], in: package)
      try FileManager.default.removeItem(at: package.appending(path: "gone"))
      // As after an interrupted run.
      try copy.write("wrong", to: "in/changed")
      try copy.write("left", to: "in/left")
      try Repository.write([".build-python/made": "6"], in: copy.root)
      try copy.update(from: package, files: ["same", "in/changed", "gone", "new/one"])
      #expect(try contents(of: copy) == ["same": "1", "in/changed": "two", "new/one": "5", ".build-python/made": "6"])
      #expect(try date(of: "same", in: copy) == past)
      #expect(try date(of: "in/changed", in: copy) != past)
    }
  }

  @Test func `a copy in a folder that is not there yet has what git tracks or would track`() throws {
    try withFolder { (folder) throws in
      let package = folder.appending(path: "package"), copy = PackageCopy(in: folder.appending(path: "own/2"))
      try Repository.write(["in/file": "1", "left": "2", ".gitignore": "left\n"], in: package)
      let started = try ChildProcess.run(
        ["git", "-C", package.path, "init"], output: folder.appending(path: "log"), limit: 60)
      #expect(started == .exited(0))
      try copy.update(from: package)
      #expect(try contents(of: copy) == ["in/file": "1", ".gitignore": "left\n"])
    }
  }

  @Test func `a header that changes has its importers compiled again`() throws {
    try withFolder { (folder) throws in
      let package = folder.appending(path: "package"), copy = PackageCopy(in: folder.appending(path: "own"))
      let header = "Sources/CShim/shim.h", importer = "Sources/A/A.swift", other = "Sources/A/B.swift"
      let files: Set = [header, importer, other]
      try Repository.write([header: "1", importer: "import CShim\n", other: "import CShims\n"], in: package)
      try copy.update(from: package, files: files)
      let past = Date(timeIntervalSince1970: 1e9)
      func isTouched(_ change: () throws -> Void) throws -> [Bool] {
        for name in [importer, other] {
          let path = copy.root.appending(path: name).path
          try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: path)
        }
        try change()
        return try [importer, other].map { try date(of: $0, in: copy) != past }
      }
      #expect(try isTouched { try copy.update(from: package, files: files) } == [false, false])
      #expect(try isTouched { try copy.write("wrong", to: header) } == [true, false])
      #expect(try isTouched { try copy.update(from: package, files: files) } == [true, false])
    }
  }

  private func contents(of copy: PackageCopy) throws -> [String: String] {
    var contents: [String: String] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: copy.root.path) {
      if let text = try? copy.source(of: name) { contents[name] = text }
    }
    return contents
  }

  private func date(of name: String, in copy: PackageCopy) throws -> Date? {
    try FileManager.default.attributesOfItem(atPath: copy.root.appending(path: name).path)[.modificationDate] as? Date
  }
}
