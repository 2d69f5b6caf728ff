import Foundation

/// Points in space as they are seen from afar, on SVG: what is added first may be covered by what is added later, but
/// for faces, which lie in order of their distance below everything else.
struct Scene {
  struct Point {
    var x: Double, y: Double, z: Double
    func moved(_ dx: Double, _ dy: Double, _ dz: Double) -> Point { Point(x: x + dx, y: y + dy, z: z + dz) }
  }

  let width: Double, height: Double
  private var faces: [(distance: Double, markup: String)] = []
  private var above = ""

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  mutating func addFace(_ corners: [Point], shade: Double) {
    let light = min(max(shade, 0), 1)
    let color = [(90, 150), (140, 95), (180, 60)].map { Int($0 + $1 * light) }.map(String.init).joined(separator: ",")
    let outline = corners.map { pair($0) }.joined(separator: "L")
    faces.append(
      (
        corners.reduce(0) { $0 + $1.x + $1.y },
        "<path d=\"M\(outline)Z\" fill=\"rgb(\(color))\" stroke=\"#fff\" stroke-width=\"0.6\"/>\n"
      ))
  }

  mutating func addLine(_ points: [Point], _ color: String, width: Double) {
    let path = points.map { pair($0) }.joined(separator: "L")
    above += "<path d=\"M\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"\(width)\"/>\n"
  }

  mutating func addDot(_ point: Point) {
    let (x, y) = seen(point)
    above += "<circle cx=\"\(x.formatted(digits: 1))\" cy=\"\(y.formatted(digits: 1))\" r=\"4\" fill=\"#222\"/>\n"
  }

  mutating func addText(_ text: String, at point: Point, _ color: String) {
    let (x, y) = seen(point)
    above +=
      "<text x=\"\((x + 8).formatted(digits: 1))\" y=\"\((y - 6).formatted(digits: 1))\" fill=\"\(color)\">\(text)</text>\n"
  }

  var svg: String {
    let size = "\(Int(width)) \(Int(height))"
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(Int(width))" height="\(Int(height))" \
      font-family="Helvetica, Arial, sans-serif" font-size="14">
      <rect width="100%" height="100%" fill="#fff"/>
      \(faces.sorted { $0.distance < $1.distance }.map(\.markup).joined())\(above)</svg>

      """
  }

  /// A point seen from the front between the axes, a little from above.
  private func seen(_ point: Point) -> (x: Double, y: Double) {
    (width / 2 + (point.y - point.x) * 80, height * 0.6 + (point.x + point.y) * 40 - point.z * 48)
  }

  private func pair(_ point: Point) -> String {
    let (x, y) = seen(point)
    return "\(x.formatted(digits: 1)) \(y.formatted(digits: 1))"
  }
}
