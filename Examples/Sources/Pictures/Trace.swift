import Adjoint
import AdjointTraining
import DependencyScheduling
import Foundation

extension Pictures {
  /// Traces a training step of a network of two branches: a summary in text, and a file for ui.perfetto.dev.
  static func writeTrace(to folder: URL) throws {
    let graph = Graph()
    let images = graph.input("images", [256, 256])
    let labels = graph.input("labels", [256], .int32)
    let branches = ["left", "right"].map { name in
      graph.scope(name) { relu(dense(relu(dense(images, "first", to: 256)), "second", to: 128)) }
    }
    let loss = crossEntropy(logits: dense(branches[0] * branches[1], "digits", to: 10), labels: labels).named("loss")
    let session = try Program(loss, gradientsFor: graph.parameters).makeSession()
    try session.write((0..<256 * 256).map { Float($0 % 17) / 16 }, to: images)
    try session.write((0..<256).map { Int32($0 % 10) }, to: labels)
    for _ in 0..<20 { try session.step() }

    let trace = try session.trace(.step)
    let file = folder.appending(path: "step.json")
    try trace.perfettoJSON.write(to: file, atomically: true, encoding: .utf8)
    print("wrote \(file.relativePath), to be opened in ui.perfetto.dev\n\n\(trace.summary)")
  }
}
