// Sizes of packed weights, and those that are only put in another order.
#include "shallow.h"
#include "winograd.h"
#include <string.h>

size_t ck_packed_count(size_t k, size_t n) { return (n + 31) / 32 * 32 * k; }

size_t ck_winograd_filter_count(const ck_winograd *w) {
  const winograd_layout l = winograd_plan(w);
  return (size_t)l.filter_side * l.filter_side * l.in_channels * l.out_channels;
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
