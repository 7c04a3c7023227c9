// Package sourcetest holds every source of objects to what package source promises: who implements one runs Suite, with a
// Rig that knows how objects are written and read past it. Memory is a source for tests of what stands above sources.
//
// Start reading at Suite. Of ours it imports batch/source.
package sourcetest
