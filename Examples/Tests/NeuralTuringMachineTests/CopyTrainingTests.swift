import DependencyScheduling
import Foundation
import Testing

@testable import NeuralTuringMachine

@Suite struct CopyTrainingTests {
  private static let small = TuringMachine.Size(rows: 8, width: 6, units: 16, batch: 4)

  /// The losses of `steps` steps on lengths from 1 to 3.
  private func losses(
    _ size: TuringMachine.Size = small, steps: Int, cachedLengths: Int = 3, width: Int = 1
  ) throws -> [Double] {
    var training = try CopyTraining(
      size, seed: 4, cachedLengths: cachedLengths, on: GraphExecutor(width: width))
    return try (0..<steps).map { _ in try training.step(lengths: 1...3, rate: 0.01) }
  }

  @Test(arguments: Controller.allCases) func `the loss falls with either controller`(controller: Controller) throws {
    var size = Self.small
    size.controller = controller
    let losses = try losses(size, steps: 150)
    let first = losses.prefix(20).reduce(0, +), last = losses.suffix(20).reduce(0, +)
    #expect(last < 0.9 * first)
  }

  @Test func `a program compiled again goes on with the same bits, at any width`() throws {
    let kept = try losses(steps: 12)
    #expect(try losses(steps: 12, cachedLengths: 1) == kept)
    #expect(try losses(steps: 12, width: 2) == kept)
  }

  @Test func `a picture has a strip for what is heard, said, written and read`() throws {
    var training = CopyTraining(Self.small, seed: 4)
    let recording = try training.recording(length: 3, seed: 5)
    #expect(recording.targets.count == 3 && recording.copies.count == 3)
    #expect(recording.writing.count == 7 && recording.reading.count == 7)
    let ones = recording.targets.joined().count { $0 == 1 }
    let cells = recording.picture.components(separatedBy: "<rect x=")
    let seen = (recording.copies + recording.writing + recording.reading).joined().count { $0 >= 0.01 }
    #expect(cells.count - 1 == ones + seen)
  }
}
