import Adjoint
import AdjointTesting
import DependencyScheduling
import StressScale
import Testing
import VirtualExecution

/// What holds sessions against the reference says no where any output or gradient differs.
@Suite(.timeLimit(.minutes(20)), .watched()) struct StressedProgramTests {
  /// Two outputs and three gradients, at numbers of which each moves some of them.
  private func stressed() throws -> (stressed: StressedProgram, inputs: [Node]) {
    let graph = Graph()
    let inputs = (0..<3).map { graph.input("x\($0)", [5]) }
    let outputs = [inputs[0] * inputs[1], inputs[1] * inputs[2]]
    let values = inputs.map { ($0, ReferenceTensor([5], .float32, [1, 2, -3, 0, 4])) }
    return (try StressedProgram(outputs, inputs, Dictionary(uniqueKeysWithValues: values)), inputs)
  }

  @Test(arguments: 0..<3, 0..<5) func `one bit of one element shows`(input: Int, element: Int) throws {
    let (stressed, inputs) = try stressed()
    let session = try stressed.session(stressed.program(.fine()), on: SeededExecutor(seed: 1))
    try session.step()
    #expect(try stressed.difference(of: session) == nil)
    #expect(try stressed.difference(of: session, exactly: false) == nil)
    var elements: [Float] = [1, 2, -3, 0, 4]
    elements[element] = elements[element].nextUp
    try session.write(elements, to: inputs[input])
    try session.step()
    for exactly in [true, false] {
      let difference = try #require(try stressed.difference(of: session, exactly: exactly))
      #expect(difference.contains("element \(element) is "), "\(difference)")
    }
  }

  @Test func `the sign of a zero shows where bits are asked for, and only there`() throws {
    let (stressed, inputs) = try stressed()
    let session = try stressed.session(stressed.program(.fine()), on: SeededExecutor(seed: 1))
    try session.write([1, 2, -3, -0.0, 4] as [Float], to: inputs[2])
    try session.step()
    #expect(try stressed.difference(of: session)?.contains("element 3 is -0.0, not 0.0") == true)
    #expect(try stressed.difference(of: session, exactly: false) == nil)
  }

  @Test func `each output and each gradient is held against its own`() throws {
    let (stressed, inputs) = try stressed()
    let program = try stressed.program(.fine())
    // The first input moves the first output and the second gradient; the third the second output.
    for (input, name) in [(0, stressed.outputs[0].name), (2, stressed.outputs[1].name)] {
      let session = try stressed.session(program, on: SeededExecutor(seed: 2))
      try session.write([7, 7, 7, 7, 7] as [Float], to: inputs[input])
      try session.step()
      #expect(try stressed.difference(of: session)?.hasPrefix("\(name): ") == true)
    }
    let session = try stressed.session(program, on: SeededExecutor(seed: 3))
    try session.writeUpstream([1, 1, 1, 1, 2] as [Float], of: stressed.outputs[1])
    try session.step()
    #expect(try stressed.difference(of: session)?.hasPrefix("gradient of x1: element 4 ") == true)
  }
}
