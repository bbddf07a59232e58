"""The chart for Kubernetes: rendered by Helm's own code, and held against the schemas of what it creates."""
