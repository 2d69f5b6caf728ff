/// Texts by name as bytes, whatever characters they hold.
enum TextTable {
  static func bytes(_ table: [String: String]) -> [UInt8] {
    table.sorted { $0.key < $1.key }.flatMap { name, value in
      Array("\(name.utf8.count) \(value.utf8.count)\n\(name)\(value)".utf8)
    }
  }

  /// - Returns: `nil` for what ``bytes(_:)`` does not make.
  static func table(_ bytes: ArraySlice<UInt8>) -> [String: String]? {
    var table: [String: String] = [:], rest = bytes
    while !rest.isEmpty {
      guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      let lengths = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ").map { Int($0) ?? -1 }
      rest = rest[(end + 1)...]
      guard lengths.count == 2, lengths.allSatisfy({ 0...rest.count ~= $0 }), lengths[0] + lengths[1] <= rest.count
      else { return nil }
      let (name, value) = (rest.prefix(lengths[0]), rest.dropFirst(lengths[0]).prefix(lengths[1]))
      table[String(decoding: name, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
      rest = rest.dropFirst(lengths[0] + lengths[1])
    }
    return table
  }
}
