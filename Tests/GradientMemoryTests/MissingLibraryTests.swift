#if os(Linux)
  import Foundation
  import Testing

  /// A library that is not installed ends the build with one sentence, which says what to do.
  @Suite(.timeLimit(.minutes(20))) struct MissingLibraryTests {
    @Test(arguments: [
      ("CJemalloc", "libjemalloc-dev", "turn the trait Jemalloc off"),
      ("COpenBLAS", "libopenblas-dev", "turn the trait off"),
    ])
    func `a header that is not there is one error`(module: String, package: String, advice: String) throws {
      let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
      let process = Process(), errors = Pipe()
      process.executableURL = URL(filePath: "/usr/bin/env")
      let header = root.appending(path: "Sources/\(module)/shim.h").path
      // Without the system's headers there is no library's.
      process.arguments = ["clang", "-x", "c", "-fsyntax-only", "-nostdlibinc", "-w", header]
      process.standardError = errors
      try process.run()
      let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus != 0)
      let lines = text.split(separator: "\n").filter { $0.contains("error:") }
      #expect(lines.count == 1, "\(text)")
      #expect(lines.first?.contains(package) == true && lines.first?.contains(advice) == true, "\(text)")
    }
  }
#endif
