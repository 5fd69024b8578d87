// Weights in the order in which the kernels read them; done once per plan.
#include "shallow.h"
#include "winograd.h"
#include <string.h>

size_t ck_packed_count(size_t k, size_t n) { return (n + 31) / 32 * 32 * k; }

void ck_pack(const float *b, size_t k, size_t n, size_t row, size_t column, float *packed) {
  for (size_t start = 0; start < n; start += 32)
    for (size_t i = 0; i < k; i++, packed += 32)
      if (column == 1 && start + 32 <= n) memcpy(packed, b + i * row + start, 32 * sizeof(float));
      else for (size_t j = 0; j < 32; j++)
        packed[j] = start + j < n ? b[i * row + (start + j) * column] : 0;
}

size_t ck_winograd_filter_count(const ck_winograd *w) {
  const winograd_layout l = winograd_plan(w);
  return (size_t)l.positions * l.in_channels * l.out_channels;
}

size_t ck_winograd_scratch_count(const ck_winograd *w) { return winograd_plan(w).count; }

size_t ck_winograd_weights_scratch_count(const ck_winograd *w, size_t images) {
  return weights_plan(w, images).count;
}

size_t ck_winograd_place_stride(int channels) { return ((size_t)channels + 31) / 32 * 32; }

size_t ck_winograd_direct_count(const ck_winograd *w) {
  return (size_t)w->out_channels * w->in_channels * w->kernel * 8;
}

void ck_winograd_pack_direct(const ck_winograd *w, const float *weights, float *direct) {
  const size_t rows = (size_t)w->out_channels * w->in_channels * w->kernel;
  for (size_t r = 0; r < rows; r++)
    for (int i = 0; i < 8; i++) direct[r * 8 + i] = i < w->kernel ? weights[r * w->kernel + i] : 0;
}

// Filter transforms G for the points named in winograd.inc, exact fractions rounded to double.
static const double g3[6][3] = {{1. / 4, 0, 0},
                                {-1. / 6, -1. / 6, -1. / 6},
                                {-1. / 6, 1. / 6, -1. / 6},
                                {1. / 24, 1. / 12, 1. / 6},
                                {1. / 24, -1. / 12, 1. / 6},
                                {0, 0, 1}};
static const double g5[8][5] = {{-1. / 4, 0, 0, 0, 0},
                                {-1. / 18, -1. / 18, -1. / 18, -1. / 18, -1. / 18},
                                {-1. / 18, 1. / 18, -1. / 18, 1. / 18, -1. / 18},
                                {1. / 360, 1. / 180, 1. / 90, 1. / 45, 2. / 45},
                                {1. / 360, -1. / 180, 1. / 90, -1. / 45, 2. / 45},
                                {16. / 45, 8. / 45, 4. / 45, 2. / 45, 1. / 45},
                                {16. / 45, -8. / 45, 4. / 45, -2. / 45, 1. / 45},
                                {0, 0, 0, 0, 1. / 4}};

// The inner loops run over 32 outputs, which lie side by side in `filters`.
void ck_winograd_pack(const ck_winograd *w, const float *weights, int adjoint, float *filters) {
  const winograd_layout l = winograd_plan(w);
  const int r = w->kernel, a = r + 3;
  const size_t position = (size_t)l.out_channels * l.in_channels;
  memset(filters, 0, position * l.positions * sizeof(float));
  for (int first = 0; first < w->out_channels; first += 32) {
    const int some = w->out_channels - first < 32 ? w->out_channels - first : 32;
    for (int i = 0; i < w->in_channels; i++) {
      double from[5][5][32] = {{{0}}}, half[8][5][32];
      for (int o = 0; o < some; o++) {
        const size_t filter = adjoint ? (size_t)i * w->out_channels + first + o
                                      : (size_t)(first + o) * w->in_channels + i;
        const float *source = weights + filter * r * r;
        for (int y = 0; y < r; y++)
          for (int x = 0; x < r; x++)
            from[y][x][o] = adjoint ? source[(r - 1 - y) * r + r - 1 - x] : source[y * r + x];
      }
      for (int y = 0; y < a; y++)
        for (int x = 0; x < r; x++) {
          double sum[32] = {0};
          for (int k = 0; k < r; k++) {
            const double g = r == 3 ? g3[y][k] : g5[y][k];
            for (int o = 0; o < 32; o++) sum[o] += g * from[k][x][o];
          }
          memcpy(half[y][x], sum, sizeof sum);
        }
      float *to = filters + (size_t)first * l.in_channels + (size_t)i * 32;
      for (int y = 0; y < a; y++)
        for (int x = 0; x < a; x++) {
          double sum[32] = {0};
          for (int k = 0; k < r; k++) {
            const double g = r == 3 ? g3[x][k] : g5[x][k];
            for (int o = 0; o < 32; o++) sum[o] += g * half[y][k][o];
          }
          float *place = to + (size_t)(y * a + x) * position;
          for (int o = 0; o < 32; o++) place[o] = (float)sum[o];
        }
    }
  }
}

size_t ck_shallow_scratch_count(const ck_window *w, int filters, int adjoint) {
  const shallow_layout l = shallow_plan(w, filters);
  return adjoint ? l.backward_count : l.forward_count;
}

size_t ck_shallow_packed_count(const ck_window *w, int filters) {
  return (size_t)(filters + 3) / 4 * 4 * w->channels * w->kernel_height * w->kernel_width;
}

void ck_shallow_pack(const ck_window *w, const float *weights, int filters, int adjoint,
                     float *packed) {
  const int kh = w->kernel_height, kw = w->kernel_width;
  const int taps = w->channels * kh * kw;
  memset(packed, 0, ck_shallow_packed_count(w, filters) * sizeof(float));
  for (int f = 0; f < filters; f++)
    for (int t = 0; t < taps; t++) {
      const float weight = weights[(size_t)f * taps + t];
      const int c = t / (kh * kw), ky = t / kw % kh, kx = t % kw;
      if (adjoint) packed[((size_t)f * w->channels + c) * kh * kw + (kw - 1 - kx) * kh + kh - 1 - ky] = weight;
      else packed[((size_t)(f / 4) * taps + t) * 4 + f % 4] = weight;
    }
}
