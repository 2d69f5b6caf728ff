/// A hash of bytes that is the same in every process: 64 bits of Fowler, Noll and Vo's FNV-1a, of words of 8 bytes.
struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
  private var bits: UInt64 = 0xCBF2_9CE4_8422_2325

  init() {}

  init(_ bytes: some Sequence<UInt8>) {
    Array(bytes).withUnsafeBytes { add($0) }
  }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    let words = bytes.count / 8
    for word in 0..<words { add(bytes.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self)) }
    for byte in bytes[(8 * words)...] { add(UInt64(byte)) }
    add(UInt64(bytes.count))
  }

  private mutating func add(_ word: UInt64) {
    bits = (bits ^ word) &* 0x0000_0100_0000_01B3
    // A product alone never carries the upper half of a word down.
    bits ^= bits >> 32
  }

  var description: String {
    let digits = String(bits, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
