{{- /*
Full name of an image. dict root, service (also `cli`), image (the component's own: repository, tag, digest; any may be empty).
The component's repository is a full name and stands for itself, which is how skaffold sets it; a digest wins over a tag.
*/ -}}
{{- define "mooring.image" -}}
{{- $common := .root.Values.image }}
{{- $own := .image | default dict }}
{{- $path := compact (list $common.registry $common.repository .service) | join "/" }}
{{- $repository := $own.repository | default $path }}
{{- $tag := $own.tag | default $common.tag | default .root.Chart.AppVersion }}
{{- if $own.digest }}
{{- printf "%s@%s" $repository $own.digest }}
{{- else }}
{{- printf "%s:%s" $repository $tag }}
{{- end }}
{{- end }}

{{- /*
One value of a Pod that can be given for all (`.Values.<key>`) and for one component (`.Values.<component>.<key>`):
lists are joined, maps merged, the component's own wins. dict root, own, key. YAML text, empty when there is nothing.
*/ -}}
{{- define "mooring.podValue" -}}
{{- $common := get .root.Values .key }}
{{- $own := get .own .key }}
{{- if kindIs "slice" $common }}
{{- with concat $common ($own | default list) }}{{ toYaml . }}{{ end }}
{{- else if kindIs "map" $common }}
{{- with mergeOverwrite (deepCopy $common) (deepCopy ($own | default dict)) }}{{ toYaml . }}{{ end }}
{{- else }}
{{- $own | default $common }}
{{- end }}
{{- end }}

{{- /* Labels of a Pod besides those that it is selected by: the values'. dict root, own. May be empty. */ -}}
{{- define "mooring.podLabels" -}}
{{- with mergeOverwrite (dict) (deepCopy .root.Values.commonLabels) (deepCopy .root.Values.podLabels) (deepCopy .own.podLabels) }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{- /* What every Pod of ours has in its spec, Jobs included. dict root, own (the component's values). */ -}}
{{- define "mooring.podSettings" -}}
{{- $root := .root }}
{{- $own := .own }}
enableServiceLinks: false
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with include "mooring.podValue" (dict "root" $root "own" $own "key" "priorityClassName") }}
priorityClassName: {{ . }}
{{- end }}
{{- with include "mooring.podValue" (dict "root" $root "own" $own "key" "podSecurityContext") }}
securityContext:
  {{- . | nindent 2 }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" }}
{{- with include "mooring.podValue" (dict "root" $root "own" $own "key" $key) }}
{{ $key }}:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{- /* What every container of ours has, Jobs included. dict root, own, service. */ -}}
{{- define "mooring.containerSettings" -}}
image: {{ include "mooring.image" (dict "root" .root "service" .service "image" .own.image) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
{{- with include "mooring.podValue" (dict "root" .root "own" .own "key" "securityContext") }}
securityContext:
  {{- . | nindent 2 }}
{{- end }}
{{- with .own.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "mooring.podValue" (dict "root" .root "own" .own "key" "extraEnv") }}
env:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
