import Adjoint
import AdjointPictures
import DocumentedCode
import Testing

/// The code in the comments of AdjointPictures, compiled and run.
@Suite(.timeLimit(.minutes(20))) struct SnippetTests {
  @Test(arguments: DocumentedCode.sources(of: "AdjointPictures"))
  func `every paragraph of Swift in a comment is compiled beside this file`(file: String) throws {
    let blocks = try DocumentedCode.commentBlocks(of: file)
    #expect(try CompiledCode(beside: #filePath).missingCode(of: blocks) == [])
    #expect(blocks.flatMap(\.gaps) == [])
  }

  @Test func `a picture has numbers where there are any`() throws {
    let graph = Graph()
    let x = graph.input("x"), f = square(x)
    let session = try Program(f, gradientsFor: [x]).makeSession()
    try session.write(7, to: x)
    try session.step()
    let structure = graph.svg()  // gates and shapes
    let picture = graph.svg(of: [f], values: session)  // with numbers
    #expect(!structure.contains("49") && picture.contains(">49"))
  }
}
