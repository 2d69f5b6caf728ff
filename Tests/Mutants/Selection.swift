import WrongLines

/// A line of the list, with the area that it belongs to.
struct Entry {
  let area: String
  let line: WrongLine

  var isByTests: Bool { if case .tests = line.proof { true } else { false } }

  static func all(of areas: [WrongLine.Area]) -> [Entry] {
    areas.flatMap { area in area.lines.map { Entry(area: area.name, line: $0) } }
  }
}

extension Options {
  /// The lines of `entries` that are tried, in their order.
  func selection(from entries: [Entry]) -> [Entry] {
    let chosen = entries.filter { entry in
      let tests = if case .tests(let name) = entry.line.proof { name.description } else { "" }
      let texts = [entry.line.summary, entry.line.file, tests]
      return (areas.isEmpty || areas.contains(entry.area))
        && (only.map { text in texts.contains { $0.contains(text) } } ?? true)
        && (means.map { ($0 == .tests) == entry.isByTests } ?? true)
    }
    return sample.map { draw($0, of: chosen, seed: seed) } ?? chosen
  }
}

/// `count` of `elements` in their order, or all if there are no more: always the same for a seed.
func draw<Element>(_ count: Int, of elements: [Element], seed: String) -> [Element] {
  var generator = SplitMix(seed: seed)
  let places = elements.indices.shuffled(using: &generator).prefix(count).sorted()
  return places.map { elements[$0] }
}

/// Steele, Lea and Flood's generator, begun at a hash of a text that is the same in each process.
private struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  /// FNV-1a over the text's bytes.
  init(seed: String) {
    state = seed.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }
}
