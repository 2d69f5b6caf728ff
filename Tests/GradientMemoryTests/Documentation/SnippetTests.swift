import DocumentedCode
import GradientMemory
import Testing

/// The code in the comments of GradientMemory, compiled and run.
@Suite(.timeLimit(.minutes(20))) struct SnippetTests {
  @Test(arguments: DocumentedCode.sources(of: "GradientMemory"))
  func `every paragraph of Swift in a comment is compiled beside this file`(file: String) throws {
    let blocks = try DocumentedCode.commentBlocks(of: file)
    #expect(try CompiledCode(beside: #filePath).missingCode(of: blocks) == [])
    #expect(blocks.flatMap(\.gaps) == [])
  }

  @Test func `a buffer holds its elements`() throws {
    let arena = BufferArena(), elementCount = 100
    let buffer = try arena.allocate(byteCount: 4 * elementCount)
    buffer.base.initializeMemory(as: Float.self, repeating: 0, count: elementCount)
    #expect((0..<elementCount).allSatisfy { buffer.base.load(fromByteOffset: 4 * $0, as: Float.self) == 0 })
  }

  @Test func `an arena has a limit`() throws {
    let arena = BufferArena(byteLimit: 64 << 20)
    let buffer = try arena.allocate(byteCount: 4096)
    #expect(buffer.byteCount == 4_096)
    #expect(throws: (any Error).self) { _ = try arena.allocate(byteCount: 65 << 20).byteCount }
  }

  @Test func `an arena tells its peak`() throws {
    let arena = BufferArena()
    let buffer = try arena.allocate(byteCount: 1 << 20)
    print(arena.statistics.peak)  // 1048576
    #expect(arena.statistics.peak == 1_048_576 && buffer.byteCount == 1 << 20)
  }
}
