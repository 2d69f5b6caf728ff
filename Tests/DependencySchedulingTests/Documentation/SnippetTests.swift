import DependencyScheduling
import DocumentedCode
import StressScale
import Testing

/// The code in the comments of DependencyScheduling and Threads, compiled in the files beside this one, and run where
/// that is cheap.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 300)) struct SnippetTests {
  private static let sources = ["DependencyScheduling", "Threads"].flatMap(DocumentedCode.sources)

  let executor = GraphExecutor.shared
  let cells = (0..<1_024).map { _ in Cell() }
  let schedule = Schedule(successorOffsets: [UInt32](repeating: 0, count: 1_025), successors: [])

  @Test(arguments: sources)
  func `every paragraph of Swift in a comment is compiled beside this file`(file: String) throws {
    let blocks = try DocumentedCode.commentBlocks(of: file)
    #expect(try CompiledCode(beside: #filePath).missingCode(of: blocks) == [])
    #expect(blocks.flatMap(\.gaps) == [])
  }
}
