import Testing

@testable import NeuralTuringMachine

@Suite struct CopyTaskTests {
  @Test func `a sequence is heard, then a mark, then silence`() {
    var task = CopyTask(seed: 3)
    let length = 4
    let count = 2
    let (frames, targets) = task.sequences(length: length, count: count)
    #expect(targets.count == length * count * CopyTask.width)
    #expect(Set(targets) == [0, 1])
    for time in 0..<CopyTask.frameCount(length: length) {
      for sequence in 0..<count {
        let row = time * count + sequence
        let frame = Array(frames[row * CopyTask.channels..<(row + 1) * CopyTask.channels])
        let heard = time < length ? Array(targets[row * CopyTask.width..<(row + 1) * CopyTask.width]) : silence
        #expect(frame == heard + [time == length ? 1 : 0])
      }
    }
  }

  private let silence = [Float](repeating: 0, count: CopyTask.width)

  @Test func `sequences and lengths come back with their seed, and no other has them`() {
    func drawn(_ seed: UInt64) -> [Float] {
      var task = CopyTask(seed: seed)
      return [Float(task.length(in: 1...1000))] + task.sequences(length: 5, count: 3).targets
    }
    #expect(drawn(1) == drawn(1))
    #expect(drawn(1) != drawn(2))
  }
}
