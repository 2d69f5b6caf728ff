import BitPatterns
import Foundation
import Kernels

/// Prints the digests of all cases at each vector level of this processor, and whether they are the committed ones.
@main enum Bits {
  static func main() throws {
    let levels = VectorLevel.available
    let cases = BitCase.meant
    if cases.count < BitCase.all.count {
      print("With the trait BLAS products are a library's: \(BitCase.all.count - cases.count) cases are left out.")
    }
    var digests: [Digests] = []
    for level in levels {
      level.use()
      digests.append(try Digests.computed(cases))
      print("\(level.word) \(digests[digests.count - 1].whole)")
    }
    if CommandLine.arguments.contains("--update") { try digests[0].write() }
    var isSame = true
    for (level, ofLevel) in zip(levels, digests) {
      for name in ofLevel.differences(from: digests[0]) {
        isSame = false
        print("\(name) differs: \(levels[0].word) \(digests[0].ofCase[name]!), \(level.word) \(ofLevel.ofCase[name]!)")
      }
    }
    let committed = try Digests.committed().of(cases)
    for name in digests[0].differences(from: committed) {
      isSame = false
      print(
        "\(name) is not the committed one: \(digests[0].ofCase[name] ?? "none"), \(committed.ofCase[name] ?? "none")")
    }
    print("bits identical at levels \(levels.map(\.word).joined(separator: ", ")): \(isSame ? "yes" : "no")")
    exit(isSame ? 0 : 1)
  }
}
