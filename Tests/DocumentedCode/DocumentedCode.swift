package import Foundation

/// The Swift that documentation shows, and where it is compiled: in tests, which run what they can of it.
package enum DocumentedCode {
  /// The root of the package.
  package static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The blocks of an article.
  ///
  /// - Parameter file: from the root of the package.
  package static func articleBlocks(of file: String) throws -> [SwiftBlock] {
    SwiftBlock.blocks(of: try text(of: file), in: file)
  }

  /// The blocks of a source file's documentation comments.
  ///
  /// - Parameter file: from the root of the package.
  package static func commentBlocks(of file: String) throws -> [SwiftBlock] {
    SwiftBlock.blocks(of: try text(of: file), in: file, after: "///")
  }

  /// The source files of a module whose comments have blocks, from the root of the package, in their order.
  package static func sources(of module: String) -> [String] {
    let folder = root.appending(path: "Sources/\(module)")
    let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return paths.filter { $0.hasSuffix(".swift") }.sorted().map { "Sources/\(module)/\($0)" }
      .filter { (try? commentBlocks(of: $0).isEmpty) == false }
  }

  /// The modules whose comments have blocks.
  package static var modules: [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path)
    return (names ?? []).sorted().filter { !sources(of: $0).isEmpty }
  }

  package static func text(of file: String) throws -> String {
    try String(contentsOf: root.appending(path: file), encoding: .utf8)
  }
}

/// The lines of Swift files that are compiled.
package struct CompiledCode: Sendable {
  private let lines: [String]
  private let code: [String]

  /// The code of `files`, and of `others` that are not in one.
  package init(of files: [String], and others: [String] = []) throws {
    self.init(
      lines: others + (try files.flatMap { try String(contentsOfFile: $0, encoding: .utf8).trimmedLines + [""] }))
  }

  /// The code of the Swift files in the folder of `file`, which holds copies of the blocks of comments.
  package init(beside file: String) throws {
    let folder = URL(filePath: file).deletingLastPathComponent().path
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
    try self.init(of: names.sorted().map { "\(folder)/\($0)" })
  }

  package init(lines: [String]) {
    self.lines = lines
    code = lines.compactMap(\.code)
  }

  /// The paragraphs of `blocks` whose lines do not follow one another here, comments included.
  package func missing(of blocks: [SwiftBlock]) -> [String] {
    blocks.flatMap { block in block.paragraphs.filter { !lines.contains($0) }.map { Self.shown($0, block) } }
  }

  /// The same without comments: those at the ends of lines, and lines that are comments.
  package func missingCode(of blocks: [SwiftBlock]) -> [String] {
    blocks.flatMap { block in
      block.paragraphs.filter { !code.contains($0.compactMap(\.code)) }.map { Self.shown($0, block) }
    }
  }

  private static func shown(_ paragraph: [String], _ block: SwiftBlock) -> String {
    "\(block.place) has code that is not compiled:\n" + paragraph.joined(separator: "\n")
  }
}
