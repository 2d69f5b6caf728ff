import Adjoint
import Testing

@testable import AlexNet

@Suite struct AlexNetTests {
  @Test func `the tower has 61,100,840 parameters, and features of 6 x 6 before its dense layers`() throws {
    let tower = Tower(batch: 2) { _ in .zeros }
    let parameters = tower.graph.parameters
    #expect(parameters.reduce(0) { $0 + $1.shape.elementCount } == 61_100_840)
    #expect(parameters.count == 16)
    #expect(parameters[0].name == "block1/convolution1/kernels")
    #expect(parameters[10].shape == [256 * 6 * 6, 4096])
    #expect(tower.logits.shape == [2, 1000])
    _ = try Program(
      tower.loss, gradientsFor: parameters, options: Program.Options(checkpointing: Tower.blocks))
  }

  /// The numbers that the program wrote down that made the reference.
  @Test func `inputs are drawn as the reference's were`() {
    var generator = InputGenerator(seed: 8)
    let images = (0..<Reference.batch * 3 * Tower.imageSide * Tower.imageSide).map { _ in generator.uniform(scale: 2) }
    #expect(images.prefix(3) == [0.676425457, -0.273263574, 0.899223685])
    #expect(images.last == 0.179214358)
    #expect(generator.labels(Reference.batch, classes: Tower.classCount) == [319, 942, 630, 467])
    #expect(generator.uniform(scale: 0.25) == 0.0480629504)
  }

  @Test func `differences are relative, of the loss and each of sixteen gradients`() throws {
    let reference = try Reference.load(nil)
    let ones = reference.differences(
      to: Reference.Result(loss: reference.loss / 2, squares: [Double](repeating: 0, count: 16)))
    #expect(ones.map(\.difference) == [0.5] + [Double](repeating: 1, count: 16))
    #expect(ones.map(\.name).prefix(3) == ["loss", "K1", "b1"])
  }

  @Test func `stripes have eight labels, and seeds tell images apart`() {
    let stripes = Stripes(count: 2, seed: 3), again = Stripes(count: 2, seed: 3), other = Stripes(count: 2, seed: 4)
    #expect(stripes.labels == [0, 125])
    #expect(stripes.pixels.count == 2 * 3 * 224 * 224)
    #expect(stripes.pixels.allSatisfy { abs($0) <= 1.25 })
    #expect(stripes.pixels == again.pixels)
    #expect(stripes.pixels != other.pixels)
  }
}
