import DependencyScheduling
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
  var generator = SeededGenerator(seed: seed)
  let places = elements.indices.shuffled(using: &generator).prefix(count).sorted()
  return places.map { elements[$0] }
}

extension SeededGenerator {
  /// The numbers of a text, by its FNV-1a hash, which is the same in each process.
  fileprivate init(seed: String) {
    self.init(seed: seed.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
  }
}
