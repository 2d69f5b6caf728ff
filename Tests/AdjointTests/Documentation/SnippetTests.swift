import DocumentedCode
import Testing

/// The code in the comments of Adjoint and AdjointTesting, compiled in the files beside this one, and run where that is
/// cheap.
@Suite(.timeLimit(.minutes(20))) struct SnippetTests {
  private static let sources = ["Adjoint", "AdjointTesting"].flatMap(DocumentedCode.sources)

  @Test(arguments: sources)
  func `every paragraph of Swift in a comment is compiled beside this file`(file: String) throws {
    let blocks = try DocumentedCode.commentBlocks(of: file)
    #expect(try CompiledCode(beside: #filePath).missingCode(of: blocks) == [])
    #expect(blocks.flatMap(\.gaps) == [])
  }

  /// Each of these modules has tests that compile its comments' code: here, and those of the other modules in theirs.
  @Test func `every module with Swift in its comments is held`() {
    #expect(
      DocumentedCode.modules == [
        "Adjoint", "AdjointMPI", "AdjointPictures", "AdjointTesting", "AdjointTraining", "DependencyScheduling",
        "GradientMemory", "Kernels", "Threads", "VirtualExecution",
      ])
  }

  @Test func `code that is not compiled is found, and so are gaps`() throws {
    let comment = [
      "/// Text", "  /// ```swift", "  /// let a = 1     // one", "  ///   // and", "  /// let b = 2", "  ///",
      "  /// f(a)", "  /// ```", "let c = 3",
    ].joined(separator: "\n")
    let blocks = SwiftBlock.blocks(of: comment, in: "A.swift", after: "///")
    #expect(blocks.map(\.place) == ["A.swift:2"])
    #expect(blocks[0].paragraphs == [["let a = 1     // one", "// and", "let b = 2"], ["f(a)"]])

    let compiled = CompiledCode(lines: ["let a = 1  // another", "let b = 2", "f(a)", "let c = 3"])
    #expect(compiled.missingCode(of: blocks) == [])
    #expect(compiled.missing(of: blocks).count == 1)
    let parted = CompiledCode(lines: ["let a = 1", "f(a)", "let b = 2"])
    #expect(parted.missingCode(of: blocks).count == 1)
    #expect(CompiledCode(lines: ["let a = 1", "let b = 2"]).missingCode(of: blocks).count == 1)

    let gaps = ["{ ... }", "case .a: ...", "f(x, …)", "...", "g(1, ...)", "f { x in ... }  // …"]
    let whole = ["x[..., 1..<3]", "x[0...]", "0...1", "// …", "f()  // { ... }", "x[(-2)...]", "x[0, ...]"]
    let article = (["```swift"] + gaps + whole + ["```"]).joined(separator: "\n")
    #expect(SwiftBlock.blocks(of: article, in: "B.md").flatMap(\.gaps) == gaps)
  }
}
