import DependencyScheduling

/// Sequences to be copied: random vectors of bits, each with as many frames of silence after it as it has vectors, in
/// which the machine is to say it again.
///
/// A frame has a channel for each bit and one more, which a single frame between the two halves raises. Frames and
/// targets lie time first, then sequence, then channel.
struct CopyTask {
  /// The bits of a vector.
  static let width = 8
  /// The channels of a frame.
  static let channels = width + 1
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// The frames in which `length` vectors are heard and said again.
  static func frameCount(length: Int) -> Int { 2 * length + 1 }

  /// `count` sequences of `length` vectors: frames `[2 · length + 1, count, 9]`, targets `[length, count, 8]`.
  mutating func sequences(length: Int, count: Int) -> (frames: [Float], targets: [Float]) {
    var frames = [Float](repeating: 0, count: Self.frameCount(length: length) * count * Self.channels)
    var targets: [Float] = []
    targets.reserveCapacity(length * count * Self.width)
    for row in 0..<length * count {  // a time and a sequence
      let bits = generator.next()
      for bit in 0..<Self.width {
        let value = Float(bits >> UInt64(bit) & 1)
        frames[row * Self.channels + bit] = value
        targets.append(value)
      }
    }
    for sequence in 0..<count { frames[(length * count + sequence) * Self.channels + Self.width] = 1 }
    return (frames, targets)
  }

  /// A length from `lengths`, each as likely as any other.
  mutating func length(in lengths: ClosedRange<Int>) -> Int { Int.random(in: lengths, using: &generator) }
}
