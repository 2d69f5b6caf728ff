import Adjoint
import Foundation

/// Draws graphs with their values and gradients, a surface with its slopes and a loss curve, and traces a training
/// step: into `.build/pictures`, or the folder given.
@main
struct Pictures {
  static func main() throws {
    let folder = URL(
      filePath: CommandLine.arguments.dropFirst().first ?? ".build/pictures", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, draw) in all {
      let file = folder.appending(path: "\(name).svg")
      try draw().write(to: file, atomically: true, encoding: .utf8)
      print("wrote \(file.relativePath)")
    }
    try writeTrace(to: folder)
  }

  /// Each picture under the name of its file.
  static let all: [(name: String, draw: @Sendable () throws -> String)] = [
    ("neuron", neuron), ("copy-gates", copyGates), ("scopes", scopes), ("folded", folded), ("surface", surface),
    ("loss", loss),
  ]
}
