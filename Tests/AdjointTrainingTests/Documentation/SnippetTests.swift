import DocumentedCode
import Testing

/// The code in the comments of AdjointTraining, compiled in the files beside this one, and run where that is cheap.
@Suite(.timeLimit(.minutes(20))) struct SnippetTests {
  @Test(arguments: DocumentedCode.sources(of: "AdjointTraining"))
  func `every paragraph of Swift in a comment is compiled beside this file`(file: String) throws {
    let blocks = try DocumentedCode.commentBlocks(of: file)
    #expect(try CompiledCode(beside: #filePath).missingCode(of: blocks) == [])
    #expect(blocks.flatMap(\.gaps) == [])
  }
}
