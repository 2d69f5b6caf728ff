import Foundation
import Testing

/// What makes the bits of kernels the same on every processor, as far as their sources tell: they say where a product
/// and a sum are rounded once, and call no mathematics library.
@Suite(.timeLimit(.minutes(20))) struct KernelSourceTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/CKernels").standardizedFileURL

  /// Of all files of C, by their names without folders.
  private static let texts: [String: String] = {
    let paths = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)!
    let files = paths.compactMap { $0 as? URL }.filter { ["c", "h"].contains($0.pathExtension) }
    return Dictionary(
      uniqueKeysWithValues: files.map { ($0.lastPathComponent, try! String(contentsOf: $0, encoding: .utf8)) })
  }()

  private func included(by name: String) -> [String] {
    Self.texts[name, default: ""].split(separator: "\n").filter { $0.hasPrefix("#include \"") }.map { line in
      String(line.split(separator: "\"")[1].split(separator: "/").last!)
    }
  }

  /// All that a file includes, itself and by what it includes.
  private func reached(from name: String) -> Set<String> {
    var (found, next): (Set<String>, [String]) = ([], [name])
    while let name = next.popLast() {
      for other in included(by: name) where found.insert(other).inserted { next.append(other) }
    }
    return found
  }

  @Test func `every kernel is compiled where nothing is contracted unless it says so`() throws {
    #expect(Self.texts.count > 40)
    for (name, text) in Self.texts {
      if name.hasSuffix(".c") { #expect(reached(from: name).contains("targets.h"), "\(name)") }
      #expect(!text.contains("fp contract") && !text.contains("target_clones"), "\(name)")
    }
    let pragmas = Self.texts.filter { $0.value.contains("FP_CONTRACT") }
    #expect(pragmas.keys.sorted() == ["targets.h"])
    #expect(try #require(pragmas["targets.h"]).contains("\n#pragma STDC FP_CONTRACT OFF\n"))
  }

  /// Without declarations the compiler refuses a mathematics library's functions; these are its own names for them.
  @Test func `no kernel calls a function of a mathematics library but those that IEEE 754 makes exact`() {
    let exact: Set<Substring> = [
      "__builtin_elementwise_fma", "__builtin_elementwise_sqrt", "__builtin_fma", "__builtin_fmaf", "__builtin_sqrt",
      "__builtin_sqrtf", "__builtin_inf", "__builtin_inff", "__builtin_nanf",
    ]
    let others: Set<Substring> = [
      "__builtin_cpu_supports", "__builtin_clzll", "__builtin_ctz", "__builtin_expect", "__builtin_prefetch",
      "__builtin_shufflevector", "__builtin_trap", "__builtin_unreachable",
    ]
    for (name, text) in Self.texts {
      #expect(!text.contains("#include <math.h>") && !text.contains("#include <tgmath.h>"), "\(name)")
      let words = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }
      for word in Set(words) where word.hasPrefix("__builtin_") {
        #expect(exact.union(others).contains(word), "\(name): \(word)")
      }
    }
  }
}
