import Adjoint

extension Pictures {
  /// z = 4 - x² - y²/2 with its sections through (1, 0.5) and their slopes, the partial derivatives: -2 x and -y, as
  /// the graph says.
  static func surface() throws -> String {
    let grid = stride(from: -1.5, through: 1.5, by: 0.125).map { $0 }
    // Where x is 1, and where y is 0.5.
    let atX = 20
    let atY = 16
    let graph = Graph()
    let x = graph.input("x", [grid.count, 1], .float64), y = graph.input("y", [grid.count], .float64)
    let z = 4 - square(x) - square(y) / 2
    let at = z.sliced(atX..<atX + 1, axis: 0).sliced(atY..<atY + 1, axis: 1)
    let session = try Program(at.sum(), gradientsFor: [x, y], alsoComputing: [z]).makeSession()
    try session.write(grid, to: x)
    try session.write(grid, to: y)
    try session.step()
    let heights = try session.read(z, as: Double.self)
    let slopeX = try session.gradient(of: x, as: Double.self)[atX]
    let slopeY = try session.gradient(of: y, as: Double.self)[atY]

    var scene = Scene(width: 600, height: 400)
    func point(_ i: Int, _ j: Int) -> Scene.Point {
      Scene.Point(x: grid[i], y: grid[j], z: heights[i * grid.count + j])
    }
    for i in grid.indices.dropLast() {
      for j in grid.indices.dropLast() {
        scene.addFace([point(i, j), point(i + 1, j), point(i + 1, j + 1), point(i, j + 1)], shade: point(i, j).z / 4)
      }
    }
    scene.addLine(grid.indices.map { point($0, atY) }, "#a33", width: 1)
    scene.addLine(grid.indices.map { point(atX, $0) }, "#36a", width: 1)
    let touch = point(atX, atY)
    for (name, slope, color, dx, dy) in [("x", slopeX, "#d11", 0.7, 0.0), ("y", slopeY, "#15c", 0.0, 0.9)] {
      let rise = slope * (dx + dy)
      scene.addLine([touch.moved(-dx, -dy, -rise), touch.moved(dx, dy, rise)], color, width: 2.5)
      scene.addText("∂z/∂\(name) = \(slope.formatted(digits: 2))", at: touch.moved(dx, dy, rise), color)
    }
    scene.addDot(touch)
    let corner = Scene.Point(x: 1.6, y: 1.6, z: 0)
    for (name, dx, dy) in [("x", 1.0, 0.0), ("y", 0.0, 1.0)] {
      scene.addLine([corner.moved(-3.2 * dx, -3.2 * dy, 0), corner.moved(0.2 * dx, 0.2 * dy, 0)], "#333", width: 1)
      scene.addText(name, at: corner.moved(0.3 * dx - 0.1 * dy, 0.3 * dy - 0.1 * dx, 0), "#333")
    }
    scene.addText("z = 4 − x² − y²/2", at: Scene.Point(x: 1.6, y: -1.6, z: 4), "#333")
    return scene.svg
  }
}
