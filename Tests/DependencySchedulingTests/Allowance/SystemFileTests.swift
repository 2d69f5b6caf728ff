import Foundation
import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct SystemFileTests {
  @Test func `a file longer than one read is read to its end`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID())")
    defer { try? FileManager.default.removeItem(at: file) }
    let text = String(repeating: "0123456789", count: 1_000)
    try Data(text.utf8).write(to: file)
    #expect(SystemFile.contents(of: file.path) == text)
  }

  @Test func `a file that is missing or is a folder has no contents`() {
    #expect(SystemFile.contents(of: "/no/such/file") == nil)
    #expect(SystemFile.contents(of: "/") == nil)
  }

  @Test func `all names in a folder are listed`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let names = ["a", String(repeating: "long", count: 60)] + (0..<500).map(String.init)
    for name in names { try Data().write(to: folder.appending(path: name)) }
    #expect(Set(SystemFile.names(in: folder.path)) == Set(names + [".", ".."]))
  }

  @Test func `a folder that is missing has no names`() {
    #expect(SystemFile.names(in: "/no/such/folder").isEmpty)
  }

  #if os(Linux)
    @Test func `the main thread is among the process's threads`() {
      #expect(SystemFile.names(in: "/proc/self/task").contains("\(getpid())"))
    }
  #endif
}
